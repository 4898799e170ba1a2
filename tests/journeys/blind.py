"""A study with secrets, and a search for these secrets in what judges see."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from typing import Any

from django.apps import apps
from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver

from annotations.contract.unchecked import UncheckedSubmission
from annotations.models import Assignment, Judgement, Response, Round
from annotations.rules.states import Harm, RoundKind
from annotations.services import assignments, rounds, submissions
from codesign.consent.rules import Purpose
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Member
from codesign.studies.rules import Role
from modelhub.models import ModelVersion, Source
from tests.factories.annotations import (
    PromptFactory,
    ResponseFactory,
    answers,
    judge,
    judging_round,
)
from tests.factories.studies import CohortFactory

NAMES = ("Zebrafinch-9B", "Kingfisher-70B")
WRITTEN = datetime(2019, 3, 7, 5, 6, tzinfo=UTC)
# Seconds since 1970 to the minute or so: fewer digits stand in random ids by chance.
TIMES = r"2019-03-0|0?7/0?3/2019|0?3/0?7/2019|7 March 2019|March 7, 2019|Mar\w* 2019|15519351"
COMMENT = "a comment of another"
COMPARISON = "Comparison of Zebrafinch and Kingfisher"
"""The title of the round that compares."""
TO_COMPARE = (Purpose.TAKE_PART, Purpose.TRAINING, Purpose.EVALUATION)
REWRITE, NOTE = "rewrittenbyanother", "notedbyanother"
"""One word each, with the prompt's id behind it, so that no marking of changes cuts it apart."""
# Keys that would tell the model, the order of making, or the time of writing.
TELLING = {
    "source", "model", "model_version", "position", "seed", "propensity", "order", "number",
    "shuffle", "seat", "task", "round", "external_id", "created_at", "leased_at", "origin",
    "first", "held_out", "split_group", "family", "pay_check", "spare_seconds",
    "promised_seconds", "words_shown",
}  # fmt: skip
PER_MODEL = 2
"""Rows of each table that are tried as ids in an address."""


@dataclass
class Story:
    """Two who judge now, and two who judged before them."""

    panelist: Member
    clinician: Member
    others: tuple[Member, Member]


def story() -> Story:
    """Two models wrote to six prompts, and to four held-out ones that compare them blind.

    Another panelist and another clinician judged.
    """
    other = judge(granted=TO_COMPARE)
    study = other.study
    clinicians = CohortFactory.create(study=study, role=Role.CLINICIAN)
    other_clinician = judge(cohort=clinicians, granted=TO_COMPARE)
    assert other.cohort is not None
    ordinary = judging_round(other.cohort, clinicians, tasks=0, overlap=3)
    sources = [
        Source.objects.create(
            study=study,
            model_version=ModelVersion.objects.create(study=study, name=name, kind="imported"),
        ).id
        for name in NAMES
    ]
    comparing = judging_round(
        other.cohort, clinicians, tasks=0, overlap=3, kind=RoundKind.EVALUATION
    )
    Round.objects.filter(id=comparing.id).update(title=COMPARISON)
    for number in range(10):
        made = comparing if number >= 6 else ordinary
        prompt = PromptFactory.create(
            study=study, external_id=f"EXT-{number:06}", held_out=made == comparing
        )
        texts = [ResponseFactory.create(prompt=prompt, source=source) for source in sources]
        rounds.add_tasks(actor=SYSTEM, round=made, items=[(prompt, texts)])
    Response.objects.update(created_at=WRITTEN)
    for member in (other, other_clinician):
        for _ in range(2):
            judge_openly(member)
    return Story(
        panelist=judge(cohort=other.cohort, granted=TO_COMPARE),
        clinician=judge(cohort=clinicians, granted=TO_COMPARE),
        others=(other, other_clinician),
    )


def judge_openly(member: Member) -> None:
    """Send a submission with every part that a judge can send."""
    actor = Actor.of(member.user)
    assignment = assignments.lease(actor=actor, slug=member.study.slug).assignment
    assert assignment is not None
    first, about = str(assignment.order_shown[0]), assignment.prompt_id.hex
    submissions.submit(
        actor=actor,
        assignment_id=assignment.id,
        sent=UncheckedSubmission(
            answers(
                assignment,
                comment=COMMENT,
                rewrites=[{"response": first, "text": REWRITE + about}],
                flags=[
                    {"response": first, "harm": Harm.OTHER, "severity": 1, "note": NOTE + about}
                ],
            )
        ),
        idempotency_key=str(assignment.id),
    )


@dataclass
class Secrets:
    """The words and keys that no response to one member may contain."""

    words: re.Pattern[str]
    of_reviews: re.Pattern[str]
    reviews: str
    """Where this person reads what others rewrote and reported; empty for panelists."""
    answered: set[str]
    """Prompts (hex) that this person has sent an answer to: reviews of these are no secret."""

    @classmethod
    def kept_from(cls, member: Member, story: Story) -> Secrets:
        """Everything that must stay hidden from that member."""
        hidden: list[str] = [*NAMES, "EXT-", COMMENT, COMPARISON]
        for table in (Source, ModelVersion):
            for row_id in table.objects.values_list("pk", flat=True):
                hidden += [str(row_id), row_id.hex]
        for other in story.others:
            hidden += [other.pseudonym, other.user.email, str(other.id), str(other.user_id)]
            hidden += map(str, Judgement.objects.filter(member=other).values_list("id", flat=True))
            hidden += map(str, Assignment.objects.filter(member=other).values_list("id", flat=True))
        return cls(
            words=re.compile("|".join([*map(re.escape, hidden), TIMES])),
            of_reviews=re.compile(f"(?:{REWRITE}|{NOTE})([0-9a-f]*)"),
            reviews=f"/studies/{member.study.slug}/review/" if member == story.clinician else "",
            answered={
                prompt.hex
                for prompt in member.judgements.values_list("assignment__prompt_id", flat=True)
            },
        )

    def found_in(self, address: str, answer: Any) -> list[str]:
        """Return the secrets in a Django response, streaming or not."""
        parts = answer.streaming_content if answer.streaming else [answer.content]
        text = b"".join(parts).decode(errors="replace") + str(dict(answer.headers))
        text = text.replace(address.strip("/"), "")  # what was asked for may be said back
        secrets = self.words.findall(text)
        allowed = self.answered if self.reviews and address.startswith(self.reviews) else set()
        secrets += [prompt for prompt in self.of_reviews.findall(text) if prompt not in allowed]
        if "json" in answer.headers.get("Content-Type", "") and "schema" not in address:
            secrets += [f"key {key}" for key in telling_keys(json.loads(answer.content))]
        return secrets


def telling_keys(value: Any) -> Iterator[str]:
    """Keys that tell too much, and ids that are numbers."""
    if isinstance(value, dict):
        for key, content in value.items():
            if key in TELLING or (key == "id" and not _is_uuid(content)):
                yield key
            yield from telling_keys(content)
    elif isinstance(value, list):
        for content in value:
            yield from telling_keys(content)


def _is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(uuid.UUID(value))
    except ValueError:
        return False


def addresses(member: Member) -> Iterator[str]:
    """Every address of the URLconf, with the member's own ids and some of every table."""
    slug, ids = member.study.slug, _ids(member)
    for route in _routes(get_resolver()):
        parts = re.split(r"<(\w+):(\w+)>", route)
        fixed, kinds, names = parts[::3], parts[1::3], parts[2::3]
        choices = [
            list(_values(kind, name, slug, ids)) for kind, name in zip(kinds, names, strict=True)
        ]
        for chosen in product(*choices):
            yield "/" + "".join(a + b for a, b in zip(fixed, (*chosen, ""), strict=True))


FEW = {
    "kind": ("rewrites", "flags"),
    "form": ("text", "page"),
    "number": ("1",),
    "revision": ("2",),
    "language": ("en",),
    "code": ("GB",),
}
"""The values of addresses' parts that name no row."""


def _routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            if not route.startswith("account/"):  # one's own account: e-mail, password, keys
                yield from _routes(entry, route)
        elif isinstance(entry, URLPattern):
            yield route


def _values(kind: str, name: str, slug: str, ids: list[str]) -> Iterator[str]:
    if kind == "slug":
        yield slug
    elif kind == "uuid" or name.endswith("_id"):
        yield from ids
    elif kind == "path":
        yield "manifest.json"
    else:
        yield from FEW[name]


def _ids(member: Member) -> list[str]:
    ids = {*member.assignments.values_list("pk", flat=True)}
    ids |= {*member.consent_records.values_list("pk", flat=True)}
    for model in apps.get_models():
        if isinstance(model._meta.pk, models.UUIDField):
            rows = model._default_manager.order_by("pk").values_list("pk", flat=True)
            ids |= {*rows[:PER_MODEL]}
    return sorted(map(str, ids))
