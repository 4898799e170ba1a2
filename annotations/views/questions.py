"""The questions of the judging page, rendered.

They are nine tenths of its fields. As long as nobody has answered they hold nothing but the rubric
and our own words, so each process keeps them: the next text of somebody asks the same again.
"""

from __future__ import annotations

from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from annotations.forms.judging_form import JudgingForm, Questions

KEPT = 64
"""Sets of questions that a process keeps, each about 20 kB."""


def questions(form: JudgingForm) -> SafeString:
    """Those of a form. What somebody filled in is never kept."""
    if form.untouched:
        return _untouched(form.questions, get_language())
    return _rendered(form.questions)


@lru_cache(maxsize=KEPT)
def _untouched(asked: Questions, _language: str | None) -> SafeString:
    """By all that is shown, so that only what is the same word for word comes from memory."""
    return _rendered(asked)


def _rendered(asked: Questions) -> SafeString:
    return render_to_string("annotations/_questions.html", {"asked": asked})
