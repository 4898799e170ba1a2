"""What forms of every app share."""

from __future__ import annotations

from django import forms

from codesign.shared.errors import Invalid, Refusal


def explain(form: forms.Form, refusal: Refusal) -> None:
    """Put what a service refused beside what was filled in: at its field, or above the form."""
    fields = refusal.fields if isinstance(refusal, Invalid) else {}
    for field, sentences in (fields or {"": [refusal.title]}).items():
        form.add_error(field if field in form.fields else None, sentences)
