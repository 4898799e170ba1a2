"""The forms to start and to resume a generation run. The service checks the rest."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotations.forms.words import CATEGORIES
from annotations.models import Round
from codesign.studies.models import Study
from modelhub.models import ModelVersion
from modelhub.queries import generation as queries
from modelhub.queries import versions
from modelhub.rules import generation as rules
from modelhub.rules.generation import Budget, Settings
from modelhub.rules.selection import Selection


class BudgetForm(forms.Form):
    """The limits of a run, and the prices of its model. Empty: no limit."""

    most_tokens = forms.IntegerField(
        label=_("Budget in tokens (optional)"),
        min_value=1,
        max_value=rules.MOST_BUDGET_TOKENS,
        required=False,
        help_text=_(
            "The run stops before it exceeds this, and can be resumed with a higher budget. "
            "Tokens are counted for models on servers."
        ),
    )
    most_cost = forms.DecimalField(
        label=_("Budget in money (optional)"),
        min_value=Decimal("0.01"),
        max_value=rules.MOST_BUDGET // rules.MICROS,
        decimal_places=2,
        required=False,
        help_text=_("Needs a currency and the prices below."),
    )
    currency = forms.CharField(
        label=_("Currency of the prices (optional)"),
        max_length=3,
        required=False,
        help_text=_("A code such as EUR."),
    )
    price_read = forms.DecimalField(
        label=_("Price of a million tokens that the model reads (optional)"),
        min_value=0,
        max_value=rules.MOST_PRICE // rules.MICROS,
        decimal_places=6,
        required=False,
    )
    price_written = forms.DecimalField(
        label=_("Price of a million tokens that the model writes (optional)"),
        min_value=0,
        max_value=rules.MOST_PRICE // rules.MICROS,
        decimal_places=6,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        """Accept a currency in small letters."""
        cleaned = super().clean() or self.cleaned_data
        cleaned["currency"] = (cleaned.get("currency") or "").upper()
        return cleaned

    def budget(self) -> Budget:
        """Return the budget that was chosen."""
        chosen = self.cleaned_data
        return Budget(
            most_tokens=chosen["most_tokens"],
            most_micros=rules.in_micros(chosen["most_cost"]),
            currency=chosen["currency"],
            price_read=rules.in_micros(chosen["price_read"]) or 0,
            price_written=rules.in_micros(chosen["price_written"]) or 0,
        )


def budget_as_initial(budget: Budget) -> dict[str, Any]:
    """Return the initial values of a form for an existing budget."""
    return {
        "most_tokens": budget.most_tokens,
        "most_cost": rules.from_micros(budget.most_micros),
        "currency": budget.currency,
        "price_read": rules.from_micros(budget.price_read or None),
        "price_written": rules.from_micros(budget.price_written or None),
    }


class SelectionForm(forms.Form):
    """Which prompts are answered."""

    categories = forms.MultipleChoiceField(
        label=_("Category"),
        choices=list(CATEGORIES.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Choose none for all."),
    )
    topics = forms.CharField(
        label=_("Topics"),
        required=False,
        help_text=_("Separated by semicolons. Empty: all."),
    )
    languages = forms.CharField(
        label=_("Languages"),
        required=False,
        help_text=_("Separated by semicolons. Empty: all."),
    )
    external_ids = forms.CharField(
        label=_("Your own id (external_id)"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One in each line. Empty: all."),
    )
    unanswered = forms.BooleanField(
        label=_("Only prompts without responses of these models"), required=False
    )

    def selection(self) -> Selection:
        """Return the selection of what is valid."""
        chosen = self.cleaned_data
        return Selection(
            categories=chosen.get("categories", []),
            topics=_parts(chosen.get("topics", ""), ";"),
            languages=_parts(chosen.get("languages", ""), ";"),
            external_ids=_parts(chosen.get("external_ids", ""), "\n"),
            unanswered=chosen.get("unanswered", False),
        )


def _parts(text: str, mark: str) -> list[str]:
    parts = [part.strip() for part in text.split(mark)]
    return list(dict.fromkeys(filter(None, parts)))


class StartRunForm(SelectionForm, BudgetForm):
    """Models, round and settings of runs, with sensible initial values."""

    FIRST = ("model", "round", "samples", "system_message")
    """Fields that the page shows at once; it folds the others."""
    PROMPTS = ("categories", "topics", "languages", "external_ids", "unanswered")
    SAMPLING = (
        "temperature",
        "top_p",
        "max_new_tokens",
        "template_arguments",
        "batch_size",
        "seed",
    )
    MONEY = ("most_tokens", "most_cost", "currency", "price_read", "price_written")

    key = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)
    """The id of the new run, so that a double click starts only one."""

    model: forms.ModelMultipleChoiceField[ModelVersion] = forms.ModelMultipleChoiceField(
        queryset=None,
        label=_("Models"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "With several models, each prompt becomes one task with responses of all of them, and "
            "nobody who judges sees which model wrote what."
        ),
    )
    round: forms.ModelChoiceField[Round] = forms.ModelChoiceField(
        queryset=None,
        label=_("Round (optional)"),
        required=False,
        empty_label=_("none: only write the responses"),
        help_text=_("A prompt becomes a task of this round when all its responses are written."),
    )
    samples = forms.IntegerField(
        label=_("Responses for each prompt, by each model"),
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
    top_p = forms.FloatField(
        label=_("Top-p"),
        min_value=0.01,
        max_value=1,
        required=False,
        initial=rules.TOP_P,
        widget=forms.NumberInput(attrs={"step": "0.01"}),
        help_text=_("The model draws from the likeliest words with this share of probability."),
    )
    max_new_tokens = forms.IntegerField(
        label=_("Longest response, in tokens"),
        min_value=1,
        max_value=rules.MOST_NEW_TOKENS,
        initial=rules.MAX_NEW_TOKENS,
        help_text=_("A token is about three quarters of a word."),
    )
    template_arguments = forms.JSONField(
        label=_("Template arguments (optional)"),
        required=False,
        widget=forms.TextInput,
        help_text=_(
            'JSON for the model\'s chat template, such as {"enable_thinking": false} to turn off '
            "thinking."
        ),
        error_messages={"invalid": _('Please write JSON, such as {"enable_thinking": false}.')},
    )
    batch_size = forms.IntegerField(
        label=_("Responses at a time"),
        min_value=1,
        max_value=rules.MOST_BATCH,
        required=False,
        initial=rules.BATCH_SIZE,
        help_text=_("The size of a batch, or the requests that a server gets at the same time."),
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
        able = versions.able_to_write(study_id=study.id)
        self.fields["model"].queryset = able  # type: ignore[attr-defined]
        self.fields["model"].initial = [version.id for version in able[:1]]
        rounds = queries.judging_rounds(study_id=study.id)
        self.fields["round"].queryset = rounds  # type: ignore[attr-defined]
        self.fields["round"].label_from_instance = lambda round: round.title  # type: ignore[attr-defined]

    def settings(self) -> Settings:
        """Return the settings that were chosen."""
        chosen = self.cleaned_data
        return Settings(
            samples=chosen["samples"],
            temperature=chosen["temperature"],
            top_p=chosen["top_p"] or rules.TOP_P,
            template_arguments=chosen["template_arguments"] or {},
            batch_size=chosen["batch_size"] or rules.BATCH_SIZE,
            max_new_tokens=chosen["max_new_tokens"],
            seed=chosen["seed"] or 0,
            system_message=chosen["system_message"],
        )

    def first(self) -> list[forms.BoundField]:
        """Return the fields that the page shows at once."""
        return [self[name] for name in self.FIRST]

    def folded(self) -> list[tuple[str, list[forms.BoundField], bool]]:
        """Return the folded parts: title, fields, and whether a field has an error."""
        parts = [
            (gettext("Prompts"), self.PROMPTS),
            (gettext("Sampling"), self.SAMPLING),
            (gettext("Budget"), self.MONEY),
        ]
        return [
            (title, [self[name] for name in names], any(self[name].errors for name in names))
            for title, names in parts
        ]
