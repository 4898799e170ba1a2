"""Forms of care."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from codesign.care.rules.cases import Answer, Contact, Outcome
from codesign.care.services.cases import LONGEST_NOTE, LONGEST_NUMBER
from codesign.care.services.rota import LONGEST_PLAN


def _picker() -> forms.DateInput:
    """A browser's field for a date, which takes ISO 8601 and shows the date as the locale does."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class AnswerForm(forms.Form):
    """What the author's words are about."""

    answer = forms.ChoiceField(
        label=_("What are these words about?"),
        choices=Answer.choices,
        widget=forms.RadioSelect,
    )


class ContactForm(forms.Form):
    """How the safety lead may contact a person."""

    contact = forms.ChoiceField(
        label=_("May somebody contact you?"), choices=Contact.choices, widget=forms.RadioSelect
    )
    number = forms.CharField(
        label=_("Your number, if you chose it (optional)"),
        max_length=LONGEST_NUMBER,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "dir": "ltr"}),
    )


class NoteForm(forms.Form):
    """A note of a safety lead."""

    note = forms.CharField(
        label=_("Note"), max_length=LONGEST_NOTE, widget=forms.Textarea(attrs={"rows": 4})
    )


class CloseForm(forms.Form):
    """How a case ended."""

    outcome = forms.ChoiceField(
        label=_("How did it end?"), choices=Outcome.choices, widget=forms.RadioSelect
    )


class EscalationForm(forms.Form):
    """What the safety lead does when somebody is in distress."""

    escalation = forms.CharField(
        label=_("What you do when somebody is in distress, and whom you call"),
        help_text=_("Step by step, with names and numbers, for you and your deputies."),
        max_length=LONGEST_PLAN,
        widget=forms.Textarea(attrs={"rows": 8}),
    )


class AbsenceForm(forms.Form):
    """The days on which a safety lead is away."""

    away_from = forms.DateField(label=_("First day (optional)"), required=False, widget=_picker())
    away_until = forms.DateField(label=_("Last day (optional)"), required=False, widget=_picker())
