"""The form to start a generation run. The service checks the rest."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.models import Round
from codesign.studies.models import Study
from modelhub.models import ModelVersion
from modelhub.queries import generation as queries
from modelhub.queries import versions
from modelhub.rules import generation as rules
from modelhub.rules.generation import Settings


class StartRunForm(forms.Form):
    """Model, round and settings of a run, with sensible initial values."""

    key = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)
    """The id of the new run, so that a double click starts only one."""

    model: forms.ModelChoiceField[ModelVersion] = forms.ModelChoiceField(
        queryset=None, label=_("Model"), empty_label=None
    )
    round: forms.ModelChoiceField[Round] = forms.ModelChoiceField(
        queryset=None,
        label=_("Round (optional)"),
        required=False,
        empty_label=_("none: only write the responses"),
        help_text=_("A prompt becomes a task of this round when all its responses are written."),
    )
    samples = forms.IntegerField(
        label=_("Responses for each prompt"),
        min_value=1,
        max_value=rules.MOST_SAMPLES,
        initial=rules.SAMPLES,
    )
    system_message = forms.CharField(
        label=_("System message"),
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=rules.MOST_SYSTEM,
        help_text=_(
            "Instructions that the model gets before each prompt. People who judge never see them."
        ),
    )
    temperature = forms.FloatField(
        label=_("Temperature"),
        min_value=0,
        max_value=2,
        initial=rules.TEMPERATURE,
        widget=forms.NumberInput(attrs={"step": "0.05"}),
        help_text=_("0 always picks the most likely word. Higher values vary more."),
    )
    max_new_tokens = forms.IntegerField(
        label=_("Longest response, in tokens"),
        min_value=1,
        max_value=rules.MOST_NEW_TOKENS,
        initial=rules.MAX_NEW_TOKENS,
        help_text=_("A token is about three quarters of a word."),
    )
    seed = forms.IntegerField(
        label=_("Seed (optional)"),
        min_value=0,
        max_value=2**63 - 1,
        required=False,
        help_text=_("The same seed and settings write the same responses again."),
    )

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["model"].queryset = versions.able_to_write(study_id=study.id)  # type: ignore[attr-defined]
        rounds = queries.judging_rounds(study_id=study.id)
        self.fields["round"].queryset = rounds  # type: ignore[attr-defined]
        self.fields["round"].label_from_instance = lambda round: round.title  # type: ignore[attr-defined]

    def settings(self) -> Settings:
        """Return the settings that were chosen."""
        chosen = self.cleaned_data
        return Settings(
            samples=chosen["samples"],
            temperature=chosen["temperature"],
            max_new_tokens=chosen["max_new_tokens"],
            seed=chosen["seed"] or 0,
            system_message=chosen["system_message"],
        )
