"""Reading consent: what is in force, for whom."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from codesign.consent.models import ConsentChoice, ConsentRecord, ConsentVersion
from codesign.consent.rules import Purpose


def current_version(*, study_id: uuid.UUID, language: str) -> ConsentVersion | None:
    """The newest published text in that language; never silently another one (standards 2.15)."""
    return (
        ConsentVersion.objects.filter(study_id=study_id, language=language)
        .order_by("-number")
        .first()
    )


def _in_force() -> QuerySet[ConsentRecord]:
    """Signatures not taken back and not overtaken by a material change (standards 2.7)."""
    overtaken = ConsentVersion.objects.filter(
        study_id=OuterRef("version__study_id"),
        number__gt=OuterRef("version__number"),
        material=True,
    )
    return ConsentRecord.objects.filter(~Exists(overtaken), withdrawal=None)


def record_in_force(*, member_id: uuid.UUID) -> ConsentRecord | None:
    """The signature of a member that counts now, with its version, or None; one query."""
    return (
        _in_force()
        .filter(member_id=member_id)
        .select_related("version")
        .order_by("-signed_at")
        .first()
    )


def choices_of(*, record_id: uuid.UUID) -> dict[str, bool]:
    """purpose → granted, as last answered for that signature."""
    answers = ConsentChoice.objects.filter(record_id=record_id).order_by("id")
    return {answer.purpose: answer.granted for answer in answers}


def members_granting(
    *, study_id: uuid.UUID, purposes: Iterable[Purpose]
) -> dict[uuid.UUID, uuid.UUID]:
    """member id → record id of everybody whose consent in force grants all of `purposes` now."""
    records = _in_force().filter(member__study_id=study_id)
    for purpose in purposes:
        last = ConsentChoice.objects.filter(record_id=OuterRef("id"), purpose=purpose)
        name = f"grants_{purpose}"
        records = records.alias(
            **{name: Subquery(last.order_by("-id").values("granted")[:1])}
        ).filter(**{name: True})
    return dict(records.order_by("signed_at").values_list("member_id", "id"))
