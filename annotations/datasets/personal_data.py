"""A first look for personal data in text that people wrote (standards 7.5).

Patterns with check digits, offline: addresses of e-mail and network, telephone, card, bank, health
and insurance numbers, dates, postcodes. Names it cannot see; that is why a person reviews every
rewrite before. A telephone number that is a listed helpline is not personal data.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable
from typing import Any

LANGUAGE = "en"
"""The patterns are tried on every text; presidio wants a language for its context words."""
PHONE_REGIONS = ("GB", "IE", "US", "AU", "NZ", "DE", "IN", "ZA")
LEAST_SCORE = 0.3
LONG_NUMBER = r"\+?\d(?:[ ().-]{0,2}\d){8,}"
"""Nine digits and more, however they are grouped: nobody needs one in a reply."""
WHOLE_NUMBER, HOURS = 9, 2
"""Digits of a helpline's number, and at most of what stands behind it, to be taken for one."""


@functools.cache
def _analyzer() -> Any:
    import spacy
    from presidio_analyzer import AnalyzerEngine, Pattern, PatternRecognizer, RecognizerRegistry
    from presidio_analyzer import predefined_recognizers as known
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    class BlankEngine(SpacyNlpEngine):
        """A tokeniser without a model, so that nothing has to be fetched."""

        def __init__(self) -> None:
            super().__init__(models=[{"lang_code": LANGUAGE, "model_name": "blank"}])
            self.nlp: Any = {LANGUAGE: spacy.blank(LANGUAGE)}

    class OfflineEmail(known.EmailRecognizer):
        """The pattern alone: the check of the domain asks the network for a list."""

        def validate_result(self, pattern_text: str) -> bool | None:
            """Any address counts, whether or not its domain exists."""
            return None

    long_number = Pattern(name="nine digits", regex=LONG_NUMBER, score=0.5)
    recognizers = [
        OfflineEmail(),
        known.PhoneRecognizer(supported_regions=PHONE_REGIONS),
        known.CreditCardRecognizer(),
        known.NhsRecognizer(),
        known.IbanRecognizer(),
        known.IpRecognizer(),
        known.UkNinoRecognizer(),
        known.UkPostcodeRecognizer(),
        known.UsSsnRecognizer(),
        known.DateRecognizer(),
        PatternRecognizer(supported_entity="LONG_NUMBER", patterns=[long_number]),
    ]
    return AnalyzerEngine(
        registry=RecognizerRegistry(recognizers=recognizers, supported_languages=[LANGUAGE]),
        nlp_engine=BlankEngine(),
        supported_languages=[LANGUAGE],
        default_score_threshold=LEAST_SCORE,
    )


def found_in(text: str, *, helplines: Iterable[str] = ()) -> list[str]:
    """The kinds of personal data in a text, sorted; numbers of `helplines` are passed over."""
    allowed = {_digits(number) for number in helplines} - {""}
    return sorted(
        {
            hit.entity_type
            for hit in _analyzer().analyze(text, language=LANGUAGE)
            if not _is_one_of(_digits(text[hit.start : hit.end]), allowed)
        }
    )


def _is_one_of(digits: str, helplines: Collection[str]) -> bool:
    """Whether a number is a helpline's, also where its hours were taken for its end ("(24/7)")."""
    return digits in helplines or any(
        digits.startswith(line) and len(digits) - len(line) <= HOURS
        for line in helplines
        if len(line) >= WHOLE_NUMBER
    )


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
