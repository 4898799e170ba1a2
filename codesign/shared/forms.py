"""Error messages that the forms of every app share."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core import validators
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from codesign.shared.errors import Invalid, Refusal
from codesign.shared.visible import NOTHING

_FIELDS: dict[Any, dict[str, Any]] = {
    forms.Field: {"required": _("Please fill this in.")},
    forms.IntegerField: {"invalid": _("Please type a whole number.")},
    forms.FloatField: {"invalid": _("Please type a number.")},
    forms.DecimalField: {"invalid": _("Please type a number.")},
    forms.EmailField: {
        "invalid": _("Please check this address. It should look like robin@example.org.")
    },
    forms.ChoiceField: {
        "required": _("Please choose one."),
        "invalid_choice": _("Please choose one from the list."),
    },
    forms.MultipleChoiceField: {
        "required": _("Please choose at least one."),
        "invalid_choice": _("Please choose from the list."),
    },
    forms.ModelChoiceField: {
        "required": _("Please choose one."),
        "invalid_choice": _("Please choose one from the list."),
    },
    forms.ModelMultipleChoiceField: {
        "required": _("Please choose at least one."),
        "invalid_choice": _("Please choose from the list."),
        "invalid_pk_value": _("Please choose from the list."),
        "invalid_list": _("Please choose from the list."),
    },
    forms.FileField: {
        "required": _("Please choose a file."),
        "empty": _("This file is empty."),
    },
}
_LIMITS: dict[Any, Any] = {
    validators.MinValueValidator: _("Please type %(limit_value)s or more."),
    validators.MaxValueValidator: _("Please type %(limit_value)s or less."),
    validators.MaxLengthValidator: ngettext_lazy(
        "Please keep this to %(limit_value)d character; it has %(show_value)d.",
        "Please keep this to %(limit_value)d characters; it has %(show_value)d.",
        "limit_value",
    ),
}


def speak_plainly() -> None:
    """Replace Django's default messages at their source, so that no form can show them.

    A message set on a field or form still takes precedence. Text fields also treat text that shows
    nothing (invisible characters only) as empty.
    """
    for field, sentences in _FIELDS.items():
        field.default_error_messages = {**field.default_error_messages, **sentences}
    for validator, sentence in _LIMITS.items():
        validator.message = sentence
    forms.CharField.empty_values = NOTHING  # type: ignore[assignment]
    validators.EmailValidator.message = _FIELDS[forms.EmailField]["invalid"]


def explain(form: forms.Form, refusal: Refusal) -> None:
    """Add a service's refusal to the form: to the field it names, or above the form."""
    fields = refusal.fields if isinstance(refusal, Invalid) else {}
    for field, sentences in (fields or {"": [refusal.title]}).items():
        form.add_error(field if field in form.fields else None, sentences)
