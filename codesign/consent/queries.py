"""Reading consent: who has given it, for which purposes."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    OuterRef,
    QuerySet,
    Value,
    When,
)
from django.utils.translation import gettext as _

from codesign.consent import rules
from codesign.consent.models import (
    ConsentChoice,
    ConsentDraft,
    ConsentRecord,
    ConsentVersion,
    taken_back,
)
from codesign.consent.rules import Purpose
from codesign.shared.actors import Actor
from codesign.shared.compiled_queries import CompiledQuery
from codesign.shared.errors import NotFound
from codesign.shared.visible import seen
from codesign.studies.models import Member, Study, is_current

EXAMPLE = Path(__file__).resolve().parent / "example.json"


class ConsentState(StrEnum):
    """A member's consent, for lists."""

    NOT_SIGNED = "not_signed"
    SIGNED = "signed"
    TO_SIGN_AGAIN = "to_sign_again"  # a later version has a material change
    LEFT = "left"


def current_version(*, study_id: uuid.UUID, language: str) -> ConsentVersion | None:
    """Return the newest published text in that language, or None.

    Never falls back to another language (standards 2.15).
    """
    return (
        ConsentVersion.objects.filter(study_id=study_id, language=language)
        .order_by("-number")
        .first()
    )


def record_in_force(*, member_id: uuid.UUID) -> ConsentRecord | None:
    """Return the member's signature that is in force, with its version, or None. One query."""
    return (
        ConsentRecord.objects.in_force()
        .filter(member_id=member_id)
        .select_related("version")
        .order_by("-signed_at")
        .first()
    )


@CompiledQuery
def _ids_in_force(member_id: uuid.UUID) -> QuerySet[ConsentRecord, tuple[uuid.UUID]]:
    records = ConsentRecord.objects.in_force().filter(member_id=member_id)
    records = records.order_by("-signed_at")
    return records.values_list("id")[:1]


def id_in_force(*, member_id: uuid.UUID) -> uuid.UUID | None:
    """Return the id of the member's signature that is in force, or None. One short query."""
    rows = _ids_in_force.rows(member_id=member_id)
    return rows[0][0] if rows else None


def choices_of(*, record_id: uuid.UUID) -> dict[str, bool]:
    """Return purpose → granted, as last answered for that signature."""
    answers = ConsentChoice.objects.filter(record_id=record_id).order_by("id")
    return {answer.purpose: answer.granted for answer in answers}


def signed_for(*, member_id: uuid.UUID, purpose: Purpose) -> QuerySet[ConsentRecord]:
    """Return a member's signatures in force that grant a purpose, for use in a subquery."""
    return ConsentRecord.objects.filter(member_id=member_id).eligible_for(purpose)


def members_granting(
    *, study_id: uuid.UUID, purposes: Iterable[Purpose]
) -> dict[uuid.UUID, uuid.UUID]:
    """Return member id → record id for all whose consent in force grants all of `purposes`."""
    records = ConsentRecord.objects.filter(member__study_id=study_id).eligible_for(*purposes)
    return dict(records.order_by("signed_at").values_list("member_id", "id"))


def versions(*, study_id: uuid.UUID) -> QuerySet[ConsentVersion]:
    """Return the published texts, newest first, with how many were `signed` and withdrawn."""
    return (
        ConsentVersion.objects.filter(study_id=study_id)
        .annotate(
            signed=Count("records"),
            taken_back=Count("records", filter=taken_back("records")),
        )
        .order_by("-number", "language")
    )


def version_in(*, study_id: uuid.UUID, number: int, language: str) -> ConsentVersion:
    """Return one published text of a study, in force or not. Raises NotFound."""
    versions = ConsentVersion.objects.filter(study_id=study_id, number=number, language=language)
    version = versions.first()
    if version is None:
        raise NotFound(_("This study has no such consent text."))
    return version


def languages(*, study_id: uuid.UUID) -> list[str]:
    """Return the languages of the published texts."""
    versions = ConsentVersion.objects.filter(study_id=study_id)
    return sorted(versions.values_list("language", flat=True).distinct())


def signatures(*, actor: Actor, member: Member) -> QuerySet[ConsentRecord]:
    """Return the signatures of the actor in this study, newest first. Never anybody else's."""
    if actor.user_id is None:
        return ConsentRecord.objects.none()
    return (
        ConsentRecord.objects.filter(member=member, member__user_id=actor.user_id)
        .select_related("version", "withdrawal")
        .order_by("-signed_at")
    )


def standing_records(*, member_id: uuid.UUID) -> list[ConsentRecord]:
    """Return every signature that is not withdrawn, newest first: what a withdrawal ends."""
    records = ConsentRecord.objects.filter(member_id=member_id).not_taken_back()
    return list(records.order_by("-signed_at"))


def with_state(members: QuerySet[Member]) -> QuerySet[Member]:
    """Annotate members with `consent_state` (a ConsentState), in the same query."""
    own = ConsentRecord.objects.filter(member_id=OuterRef("id"))
    return members.annotate(
        consent_state=Case(
            When(Exists(own.in_force()), then=Value("signed")),
            When(Exists(own.not_taken_back()), then=Value("to_sign_again")),
            When(Exists(own), then=Value("left")),
            default=Value("not_signed"),
            output_field=CharField(),
        )
    )


def state_of(*, member_id: uuid.UUID) -> ConsentState:
    """Return the consent state of one member. One query."""
    member = with_state(Member.objects.filter(id=member_id)).get()
    return ConsentState(member.consent_state)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Answer:
    """A choice on a signed copy: as signed, and every later change."""

    title: str
    help: str
    purpose: str
    granted: bool
    changes: list[ConsentChoice]


@dataclass(frozen=True)
class SignedCopy:
    """What a person signed, as it is shown and downloaded (standards 2.2, 2.3)."""

    record: ConsentRecord
    answers: list[Answer]

    @property
    def meaning(self) -> str:
        """Return what the signature means, without the first version's “below”."""
        kept = self.record.meaning
        return rules.MEANING if kept == rules.FIRST_MEANING else kept

    @property
    def name(self) -> str:
        """Return the name as typed, or "" if an early version accepted an invisible one."""
        return seen(self.record.typed_name)


def signed_copy(*, actor: Actor, member: Member, record_id: uuid.UUID) -> SignedCopy:
    """Return one of the actor's own signatures with its text and answers. Two queries."""
    record = signatures(actor=actor, member=member).filter(id=record_id).first()
    if record is None:
        raise NotFound
    rows: dict[str, list[ConsentChoice]] = {}
    for row in ConsentChoice.objects.filter(record=record).order_by("id"):
        rows.setdefault(row.purpose, []).append(row)
    answers = [
        Answer(
            title=choice["title"],
            help=choice["help"],
            purpose=choice["purpose"],
            granted=rows[choice["purpose"]][0].granted,
            changes=rows[choice["purpose"]][1:],
        )
        for choice in record.version.content["choices"]
    ]
    return SignedCopy(record=record, answers=answers)


def draft_of(*, study_id: uuid.UUID, language: str) -> ConsentDraft | None:
    """Return the draft in that language, or None."""
    return ConsentDraft.objects.filter(study_id=study_id, language=language).first()


@cache
def _example() -> dict[str, Any]:
    return json.loads(EXAMPLE.read_text(encoding="utf-8"))


def example(*, words: dict[str, str]) -> dict[str, Any]:
    """Return an example text with gaps for the study's own words; `words` fills some of them."""
    return rules.filled(_example(), words)


def example_for(*, study: Study) -> dict[str, Any]:
    """Return the example text, filled with what is known about the study."""
    known = {
        "name of the study": study.title,
        "organisation": study.organisation,
        "contact": study.contact,
    }
    return example(words={gap: words for gap, words in known.items() if words})


def how_many_signed(*, study_id: uuid.UUID) -> int:
    """Return the number of people in the study whose signature is in force."""
    records = ConsentRecord.objects.in_force().filter(
        is_current("member"), member__study_id=study_id
    )
    return records.values("member_id").distinct().count()
