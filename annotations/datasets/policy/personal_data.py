"""Patterns that find personal data in text that people wrote (standards 7.5).

With check digits where they exist, and offline: addresses of e-mail and network, telephone, card,
bank, health and insurance numbers, dates, postcodes. Patterns cannot find names, so a person
reviews every rewrite before it is released. The number of a listed helpline is not personal data.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable
from typing import Any

LANGUAGE = "en"
"""Every text is searched, in any language; presidio needs one for its context words."""
PHONE_REGIONS = ("GB", "IE", "US", "AU", "NZ", "DE", "IN", "ZA")
MIN_SCORE = 0.3
LONG_NUMBER = r"\+?\d(?:[ ().-]{0,2}\d){8,}"
"""At least nine digits, however they are grouped: no reply needs such a number."""
FULL_NUMBER_DIGITS = 9
"""From this length on, a helpline's number may be followed by its opening hours ("(24/7)")."""
HOURS_DIGITS = 2
"""The most digits of opening hours that a pattern can take for the end of a number."""


@functools.cache
def _analyzer() -> Any:
    import spacy
    from presidio_analyzer import AnalyzerEngine, Pattern, PatternRecognizer, RecognizerRegistry
    from presidio_analyzer import predefined_recognizers as known
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    class BlankEngine(SpacyNlpEngine):
        """A tokeniser without a model, so that nothing has to be downloaded."""

        def __init__(self) -> None:
            super().__init__(models=[{"lang_code": LANGUAGE, "model_name": "blank"}])
            self.nlp: Any = {LANGUAGE: spacy.blank(LANGUAGE)}

    class OfflineEmail(known.EmailRecognizer):
        """The pattern alone: checking the domain would download a list."""

        def validate_result(self, pattern_text: str) -> bool | None:
            """Accept any address, whether or not its domain exists."""
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
        default_score_threshold=MIN_SCORE,
    )


def personal_data_in(text: str, *, helplines: Iterable[str] = ()) -> list[str]:
    """The kinds of personal data in a text, sorted; the numbers of `helplines` are ignored."""
    allowed = {_digits(number) for number in helplines} - {""}
    return sorted(
        {
            match.entity_type
            for match in _analyzer().analyze(text, language=LANGUAGE)
            if not _is_helpline(_digits(text[match.start : match.end]), allowed)
        }
    )


def _is_helpline(digits: str, helplines: Collection[str]) -> bool:
    """Whether these are the digits of a helpline's number, with or without its opening hours."""
    return digits in helplines or any(
        digits.startswith(number) and len(digits) - len(number) <= HOURS_DIGITS
        for number in helplines
        if len(number) >= FULL_NUMBER_DIGITS
    )


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
