"""The audit trail in words: what an event was about, and all of its details.

A name without a word here is shown as it is, so that no detail is ever left out. A test checks that
everything the code records has a word.
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
    "budget": gettext_lazy("budget for pay"),
    "cohort": gettext_lazy("cohort"),
    "consent_version": gettext_lazy("consent version"),
    "dataset_release": gettext_lazy("dataset release"),
    "evaluation": gettext_lazy("blind comparison"),
    "flag": gettext_lazy("report of harm"),
    "generation_run": gettext_lazy("generation run"),
    "handover": gettext_lazy("request for a new coordinator"),
    "country": gettext_lazy("country"),
    "helpline": gettext_lazy("helpline"),
    "invitation": gettext_lazy("invitation"),
    "member": gettext_lazy("person"),
    "model_version": gettext_lazy("model"),
    "pay_rate": gettext_lazy("pay rate"),
    "payout_batch": gettext_lazy("payout batch"),
    "payout_method": gettext_lazy("way to be paid"),
    "place_request": gettext_lazy("request to take part"),
    "prompt": gettext_lazy("prompt"),
    "rejection": gettext_lazy("rejection of work"),
    "response": gettext_lazy("response"),
    "rewrite": gettext_lazy("rewrite"),
    "round": gettext_lazy("round"),
    "rubric": gettext_lazy("rubric"),
    "study": gettext_lazy("study"),
    "task": gettext_lazy("prompt in a round"),
    "training_run": gettext_lazy("training run"),
    "upload": gettext_lazy("file of prompts"),
    "time_check": gettext_lazy("check of the time that work took"),
    "transfer": gettext_lazy("ledger entry"),
}
DETAILS: dict[str, Words] = {
    "already_there": gettext_lazy("Already existed"),
    "amount_minor": gettext_lazy("Amount for one text"),
    "base": gettext_lazy("Base model"),
    "bytes": gettext_lazy("Bytes"),
    "changed": gettext_lazy("Changed"),
    "child": gettext_lazy("New model"),
    "category": gettext_lazy("Category"),
    "cohort": gettext_lazy("Cohort"),
    "config": gettext_lazy("Settings or rows used"),
    "country": gettext_lazy("Country"),
    "criteria": gettext_lazy("Questions"),
    "currency": gettext_lazy("Currency"),
    "due": gettext_lazy("Takes effect (UTC)"),
    "error": gettext_lazy("Error"),
    "example": gettext_lazy("Example, made by a program"),
    "file": gettext_lazy("File"),
    "from": gettext_lazy("Before"),
    "granted": gettext_lazy("Agreed to"),
    "held": gettext_lazy("Payment on hold because"),
    "hash": gettext_lazy("Hash of the text (SHA-256)"),
    "kind": gettext_lazy("Kind"),
    "level": gettext_lazy("Extent"),
    "made": gettext_lazy("Added"),
    "manifest_sha256": gettext_lazy("Hash of the manifest (SHA-256)"),
    "material": gettext_lazy("Needs a new signature"),
    "minutes": gettext_lazy("Minutes of heavy texts a day"),
    "overlap": gettext_lazy("People for each text"),
    "paid": gettext_lazy("Paid"),
    "parent": gettext_lazy("Parent model"),
    "people": gettext_lazy("People"),
    "percent": gettext_lazy("Percent of the promised time"),
    "person": gettext_lazy("Person"),
    "pieces": gettext_lazy("Pieces of work"),
    "problem": gettext_lazy("Problem"),
    "prompts": gettext_lazy("Prompts"),
    "public": gettext_lazy("Public page"),
    "purpose": gettext_lazy("Purpose"),
    "reason": gettext_lazy("Reason"),
    "release": gettext_lazy("Dataset release"),
    "responses": gettext_lazy("Responses"),
    "revision": gettext_lazy("Revision"),
    "roles": gettext_lazy("Roles"),
    "rows": gettext_lazy("Rows"),
    "samples": gettext_lazy("Responses for each prompt"),
    "sha256": gettext_lazy("Hash (SHA-256)"),
    "signatures": gettext_lazy("Signatures withdrawn"),
    "skipped": gettext_lazy("Rows skipped"),
    "source": gettext_lazy("Source"),
    "state": gettext_lazy("State"),
    "statements": gettext_lazy("Imported ranks, scores and spans"),
    "tasks": gettext_lazy("Tasks"),
    "texts": gettext_lazy("Texts"),
    "to": gettext_lazy("After"),
    "total_minor": gettext_lazy("Total"),
    "version": gettext_lazy("Version"),
    "wait_for_go": gettext_lazy("Prompts that wait for a coordinator"),
    "why": gettext_lazy("Reason"),
}
AMOUNTS = ("amount_minor", "total_minor")
"""Details that are an amount, in minor units of the currency beside it."""
VALUES: dict[str, Words] = {
    **dict(Role.choices),
    "adapter": gettext_lazy("trained here"),
    "pace": gettext_lazy("more work was sent than is possible in the time"),
    "quick": gettext_lazy("it was sent faster than the text can be read"),
    "skips": gettext_lazy("many texts in a row were skipped quickly"),
    "all": gettext_lazy("all files"),
    "embedded": gettext_lazy("included with Codesign"),
    "erase": gettext_lazy("erase identifying data"),
    "imported": gettext_lazy("from imported responses"),
    "linking": gettext_lazy("having one code in all releases"),
    "publication": gettext_lazy("public release"),
    "quotation": gettext_lazy("quoting"),
    "recontact": gettext_lazy("being contacted again"),
    "sft": gettext_lazy("rewrites"),
    "stop_tasks": gettext_lazy("no more tasks"),
    "stop_use": gettext_lazy("no more tasks and no new use of answers"),
    "take_part": gettext_lazy("taking part"),
    "training": gettext_lazy("training models"),
    "evaluation": gettext_lazy("evaluating models"),
}


@dataclass(frozen=True)
class Detail:
    """One detail of an event: title and value in words. `exact` marks ids and hashes."""

    title: Words
    says: str
    exact: bool = False


@dataclass(frozen=True)
class About:
    """What an event was about: its kind and its name."""

    kind: Words
    name: str


def about(kind: str, label: str) -> About:
    """Return the subject of an event in words. Amounts are stored in minor units."""
    first, _space, second = label.partition(" ")
    if kind in ("budget", "pay_rate") and first.isdigit() and second:
        label = format_money(int(first), second)
    elif kind == "consent_version" and second:
        label = f"{first} ({second})"
    return About(KINDS.get(kind) or _plain(kind), label)


def details_of(data: Mapping[str, Any]) -> list[Detail]:
    """Return all details of an event in order. An amount is shown with its currency."""
    details = dict(data)
    for name in AMOUNTS:
        if isinstance(details.get(name), int) and isinstance(details.get("currency"), str):
            details[name] = format_money(details[name], details.pop("currency"))
    return [
        Detail(DETAILS.get(name) or _plain(name).capitalize(), says(value), _is_exact(value))
        for name, value in details.items()
        if value != ""
    ]


def says(value: Any) -> str:
    """Return a value in words: yes or no, words for states, lists and mappings in full."""
    if value is True:
        return _("yes")
    if value is False:
        return _("no")
    if value is None:
        return _("none")
    if isinstance(value, Mapping):
        return "; ".join(f"{says(name)}: {says(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(says(item) for item in value) or _("none")
    if isinstance(value, str) and not _is_exact(value):
        return str(VALUES.get(value) or _plain(value))
    return str(value)


def _plain(name: str) -> str:
    return name.replace("_", " ") if name.replace("_", "").isalnum() else name


def _is_exact(value: Any) -> bool:
    """Return whether a value is an id or a hash, which people copy rather than read."""
    if not isinstance(value, str):
        return False
    try:
        uuid.UUID(value)
    except ValueError:
        return len(value) == 64 and all(letter in "0123456789abcdef" for letter in value)
    return True
