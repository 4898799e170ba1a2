"""Forms to invite a person to a cohort or a staff role, and to answer an invitation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from codesign.studies.models import Cohort
from codesign.studies.rules import STAFF, Role


class InviteForm(forms.Form):
    """Inviting a person."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254)

    def __init__(self, *args: Any, cohorts: Iterable[Cohort], **kwargs: Any) -> None:
        """`cohorts`: the study's cohorts in their order."""
        super().__init__(*args, **kwargs)
        self.cohorts = {cohort.key: cohort for cohort in cohorts}
        places = [
            (_("Panel"), [(f"cohort:{c.key}", c.title) for c in self.cohorts.values()]),
            (
                _("Staff"),
                [(f"role:{role}", capfirst(role.label)) for role in Role if role in STAFF],
            ),
        ]
        self.fields["place"] = forms.ChoiceField(label=_("Role"), choices=places)

    @property
    def chosen(self) -> tuple[list[str], Cohort | None]:
        """Return (roles, cohort) of the chosen role."""
        kind, _colon, key = self.cleaned_data["place"].partition(":")
        if kind == "cohort":
            cohort = self.cohorts[key]
            return [cohort.role], cohort
        return [key], None


class PlaceRequestForm(forms.Form):
    """Asking to take part in a study, without an account."""

    email = forms.EmailField(
        label=_("Your e-mail address"),
        max_length=254,
        help_text=_("Only the people who run the study see it, to write to you about taking part."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class AnswerForm(forms.Form):
    """Answering an invitation."""

    JOIN, DECLINE = "join", "decline"
    invitation = forms.UUIDField()
    answer = forms.ChoiceField(choices=[(JOIN, JOIN), (DECLINE, DECLINE)])
