"""Serializers of generation runs. Judging roles have no access to them."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from annotations.rules.text_kinds import Category
from codesign.shared.serializers import OneOf, Shape, optional_text
from modelhub.models import GenerationRun
from modelhub.rules import generation as rules
from modelhub.rules.selection import MOST_CHOSEN, MOST_LETTERS, Selection
from modelhub.rules.states import RunState
from modelhub.serializers.models import NamedModelSerializer

MOST_GENERATION_SEED = 2**63 - 1


class BudgetSerializer(Shape):
    """The limits of a run whose model is on a server, and the prices of the model."""

    most_tokens = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=rules.MOST_BUDGET_TOKENS,
        help_text="Tokens read and written together. Null: no limit.",
    )
    most_cost = serializers.DecimalField(
        required=False,
        allow_null=True,
        max_digits=12,
        decimal_places=6,
        help_text="In the currency. Null: no limit. Needs a currency and a price.",
    )
    currency = optional_text(max_length=3, help_text="A code such as EUR.")
    price_read = serializers.DecimalField(
        default=Decimal(0),
        max_digits=12,
        decimal_places=6,
        help_text="Of a million tokens that it reads.",
    )
    price_written = serializers.DecimalField(
        default=Decimal(0),
        max_digits=12,
        decimal_places=6,
        help_text="Of a million tokens that it writes.",
    )


BUDGET = frozenset(BudgetSerializer().fields)


def budget_from(wanted: dict[str, Any]) -> rules.Budget:
    """Take the fields of a budget out of a validated body, and return the budget."""
    sent = {name: wanted.pop(name) for name in BUDGET & set(wanted)}
    return rules.Budget(
        most_tokens=sent.get("most_tokens"),
        most_micros=rules.in_micros(sent.get("most_cost")),
        currency=sent.get("currency", ""),
        price_read=rules.in_micros(Decimal(sent.get("price_read", 0))) or 0,
        price_written=rules.in_micros(Decimal(sent.get("price_written", 0))) or 0,
    )


def _chosen(*, help_text: str) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=MOST_LETTERS),
        default=list,
        max_length=MOST_CHOSEN,
        help_text=help_text,
    )


SELECTION = frozenset(field.name for field in fields(Selection))


def selection_of(wanted: dict[str, Any]) -> Selection:
    """Take the fields of a selection out of a validated body, and return the selection."""
    return Selection(**{name: wanted.pop(name) for name in SELECTION & set(wanted)})


class GenerationRequestSerializer(BudgetSerializer):
    """Models, round, settings and budget of new generation runs."""

    model = serializers.CharField(
        required=False, help_text="Name or id of a model that can write. Or use `models`."
    )
    models = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        max_length=rules.MOST_MODELS,
        help_text="Names or ids of several models that answer the same prompts, for one task each.",
    )
    samples = serializers.IntegerField(
        default=rules.SAMPLES,
        min_value=1,
        max_value=rules.MOST_SAMPLES,
        help_text="Responses to each prompt.",
    )
    temperature = serializers.FloatField(default=rules.TEMPERATURE, min_value=0, max_value=2)
    top_p = serializers.FloatField(default=rules.TOP_P, min_value=0, max_value=1)
    template_arguments = serializers.DictField(
        default=dict,
        help_text='For the chat template, such as `{"enable_thinking": false}`.',
    )
    max_new_tokens = serializers.IntegerField(
        default=rules.MAX_NEW_TOKENS, min_value=1, max_value=rules.MOST_NEW_TOKENS
    )
    batch_size = serializers.IntegerField(
        default=rules.BATCH_SIZE, min_value=1, max_value=rules.MOST_BATCH
    )
    seed = serializers.IntegerField(
        default=0,
        min_value=0,
        max_value=MOST_GENERATION_SEED,
        help_text="0 draws a random seed.",
    )
    system_message = optional_text(
        max_length=rules.MOST_SYSTEM,
        help_text="Empty: the message of the study's last run.",
    )
    categories = serializers.ListField(
        child=OneOf([str(one) for one in Category]),
        default=list,
        help_text="Only prompts of these categories. Empty: all.",
    )
    topics = _chosen(help_text="Only prompts with one of these topics. Empty: all.")
    languages = _chosen(help_text="Only prompts in these languages. Empty: all.")
    external_ids = _chosen(help_text="Only prompts with these ids of yours. Empty: all.")
    unanswered = serializers.BooleanField(
        default=False, help_text="Only prompts without responses of these models."
    )
    round = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text="A judging round in which answered prompts become tasks.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Require one model, or several."""
        if ("model" in attrs) is ("models" in attrs):
            raise serializers.ValidationError({"model": [_("Send either model or models.")]})
        return attrs


class GenerationRunSerializer(serializers.ModelSerializer[GenerationRun]):
    """A generation run and its progress."""

    study = serializers.SlugField(source="study.slug")
    model = NamedModelSerializer(source="model_version")
    round = serializers.UUIDField(source="round_id", allow_null=True)
    state = serializers.ChoiceField([str(state) for state in RunState])
    selection = serializers.DictField(
        help_text="Which prompts it answers, as they were sent. Empty: all."
    )
    total = serializers.IntegerField(source="to_write", help_text="Responses to write.")
    done = serializers.IntegerField()
    group = serializers.UUIDField(help_text="Runs of one group write for the same tasks.")
    most_cost = serializers.SerializerMethodField(help_text="Budget, in the currency.")
    cost = serializers.SerializerMethodField(help_text="So far, in the currency.")

    class Meta:
        model = GenerationRun
        fields = (
            "id",
            "study",
            "model",
            "round",
            "selection",
            "state",
            "total",
            "done",
            "samples",
            "temperature",
            "top_p",
            "template_arguments",
            "max_new_tokens",
            "batch_size",
            "seed",
            "system_message",
            "group",
            "tokens_read",
            "tokens_written",
            "most_tokens",
            "most_cost",
            "cost",
            "currency",
            "created_at",
            "started_at",
            "ended_at",
            "error",
        )
        read_only_fields = fields

    def get_most_cost(self, run: GenerationRun) -> str | None:
        """Return the budget of money, or null."""
        return None if run.most_micros is None else str(rules.from_micros(run.most_micros))

    def get_cost(self, run: GenerationRun) -> str | None:
        """Return the cost so far, or null if no currency is known."""
        budget = rules.Budget(price_read=run.price_read, price_written=run.price_written)
        cost = rules.cost_of(read=run.tokens_read, written=run.tokens_written, budget=budget)
        return str(rules.from_micros(cost)) if run.currency else None
