"""The audit trail in words: what an event was about, and its details, complete and readable.

What has no word here is shown under its own name, so that nothing is ever left out; a test
walks the code and sees that everything recorded today has one.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.shared.money import format_money
from codesign.studies.rules import Role

Words = str | Promise

KINDS: dict[str, Words] = {
    "assignment": gettext_lazy("text to judge"),
    "cohort": gettext_lazy("cohort"),
    "consent_version": gettext_lazy("consent version"),
    "dataset_release": gettext_lazy("dataset release"),
    "evaluation": gettext_lazy("blind comparison"),
    "flag": gettext_lazy("report of harm"),
    "generation_run": gettext_lazy("generation run"),
    "handover": gettext_lazy("request for another coordinator"),
    "invitation": gettext_lazy("invitation"),
    "member": gettext_lazy("person"),
    "model_version": gettext_lazy("model"),
    "pay_rate": gettext_lazy("pay rate"),
    "prompt": gettext_lazy("prompt"),
    "response": gettext_lazy("response"),
    "rewrite": gettext_lazy("rewrite"),
    "round": gettext_lazy("round"),
    "rubric": gettext_lazy("rubric"),
    "study": gettext_lazy("study"),
    "training_run": gettext_lazy("training run"),
    "upload": gettext_lazy("file of prompts"),
    "transfer": gettext_lazy("ledger entry"),
}
DETAILS: dict[str, Words] = {
    "already_there": gettext_lazy("Were there already"),
    "amount_minor": gettext_lazy("Amount for one text"),
    "base": gettext_lazy("Model it starts from"),
    "bytes": gettext_lazy("Bytes"),
    "changed": gettext_lazy("What was changed"),
    "child": gettext_lazy("New model"),
    "cohort": gettext_lazy("Cohort"),
    "config": gettext_lazy("Settings or rows used"),
    "criteria": gettext_lazy("Questions"),
    "currency": gettext_lazy("Currency"),
    "due": gettext_lazy("Takes effect (UTC)"),
    "error": gettext_lazy("What went wrong"),
    "example": gettext_lazy("Example, made by a program"),
    "file": gettext_lazy("File"),
    "from": gettext_lazy("Before"),
    "granted": gettext_lazy("Said yes to"),
    "held": gettext_lazy("Pay waits for a coordinator, because"),
    "hash": gettext_lazy("Fingerprint of the text (SHA-256)"),
    "kind": gettext_lazy("Kind"),
    "level": gettext_lazy("How far"),
    "made": gettext_lazy("Added"),
    "manifest_sha256": gettext_lazy("Fingerprint of the manifest (SHA-256)"),
    "material": gettext_lazy("Has to be signed again"),
    "overlap": gettext_lazy("People for each text"),
    "paid": gettext_lazy("Paid"),
    "parent": gettext_lazy("Model before it"),
    "pieces": gettext_lazy("Pieces of work"),
    "prompts": gettext_lazy("Prompts"),
    "purpose": gettext_lazy("For"),
    "reason": gettext_lazy("Reason"),
    "release": gettext_lazy("Dataset release"),
    "responses": gettext_lazy("Responses"),
    "roles": gettext_lazy("Roles"),
    "rows": gettext_lazy("Rows"),
    "samples": gettext_lazy("Responses for each prompt"),
    "signatures": gettext_lazy("Signatures taken back"),
    "skipped": gettext_lazy("Rows left out"),
    "state": gettext_lazy("State"),
    "tasks": gettext_lazy("Tasks"),
    "texts": gettext_lazy("Texts"),
    "to": gettext_lazy("After"),
    "version": gettext_lazy("Version"),
    "why": gettext_lazy("Why"),
}
VALUES: dict[str, Words] = {
    **dict(Role.choices),
    "adapter": gettext_lazy("trained here"),
    "pace": gettext_lazy("more work was sent than the time allows"),
    "quick": gettext_lazy("it was sent sooner than the text can be read"),
    "skips": gettext_lazy("many texts in a row were skipped quickly"),
    "all": gettext_lazy("all files"),
    "embedded": gettext_lazy("comes with Codesign"),
    "erase": gettext_lazy("erase what identifies them"),
    "imported": gettext_lazy("known from imported responses"),
    "publication": gettext_lazy("public release"),
    "quotation": gettext_lazy("quoting"),
    "recontact": gettext_lazy("being contacted again"),
    "sft": gettext_lazy("rewrites"),
    "stop_tasks": gettext_lazy("no more texts to judge"),
    "stop_use": gettext_lazy("no more texts, and no new use of what was said"),
    "take_part": gettext_lazy("taking part"),
    "training": gettext_lazy("training models"),
    "evaluation": gettext_lazy("evaluating models"),
}


@dataclass(frozen=True)
class Detail:
    """One detail of an event: what it is, its value in words; `exact` for ids and fingerprints."""

    title: Words
    says: str
    exact: bool = False


@dataclass(frozen=True)
class About:
    """What an event was about: its sort, and how it is called."""

    kind: Words
    name: str


def about(kind: str, label: str) -> About:
    """The thing in words; a rate is kept as minor units and shown as money."""
    first, _space, second = label.partition(" ")
    if kind == "pay_rate" and first.isdigit() and second:
        label = format_money(int(first), second)
    elif kind == "consent_version" and second:
        label = f"{first} ({second})"
    return About(KINDS.get(kind) or _plain(kind), label)


def details_of(data: Mapping[str, Any]) -> list[Detail]:
    """Every detail of an event in its order; an amount stands with its currency."""
    found = dict(data)
    if isinstance(found.get("amount_minor"), int) and isinstance(found.get("currency"), str):
        found["amount_minor"] = format_money(found["amount_minor"], found.pop("currency"))
    return [
        Detail(DETAILS.get(name) or _plain(name).capitalize(), says(value), _is_exact(value))
        for name, value in found.items()
        if value != ""
    ]


def says(value: Any) -> str:
    """A value as one would say it: yes and no, words for states, lists and pairs in full."""
    if value is True:
        return _("yes")
    if value is False:
        return _("no")
    if value is None:
        return _("none")
    if isinstance(value, Mapping):
        return "; ".join(f"{says(name)}: {says(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(says(one) for one in value) or _("none")
    if isinstance(value, str) and not _is_exact(value):
        return str(VALUES.get(value) or _plain(value))
    return str(value)


def _plain(name: str) -> str:
    return name.replace("_", " ") if name.replace("_", "").isalnum() else name


def _is_exact(value: Any) -> bool:
    """Whether a value is an id or a fingerprint, to be copied and not to be read."""
    if not isinstance(value, str):
        return False
    try:
        uuid.UUID(value)
    except ValueError:
        return len(value) == 64 and all(letter in "0123456789abcdef" for letter in value)
    return True
