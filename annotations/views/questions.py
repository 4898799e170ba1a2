"""The rendered questions of the judging page.

They are nine tenths of its fields. Until somebody answers, they depend only on the rubric and the
language, so each process caches them for the next assignments.
"""

from __future__ import annotations

from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from annotations.forms.judging_form import JudgingForm, Questions

KEPT = 64
"""Sets of questions that a process caches, each about 20 kB."""


def questions(form: JudgingForm) -> SafeString:
    """Return the rendered questions of a form. Filled-in forms are never cached."""
    if form.untouched:
        return _untouched(form.questions, get_language())
    return _rendered(form.questions)


@lru_cache(maxsize=KEPT)
def _untouched(asked: Questions, _language: str | None) -> SafeString:
    """Render empty questions. Everything that is shown is part of the cache key."""
    return _rendered(asked)


def _rendered(asked: Questions) -> SafeString:
    return render_to_string("annotations/_questions.html", {"asked": asked})
