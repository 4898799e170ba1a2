"""How people want to be paid."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from codesign.compensation.models import Payout, PayoutMethod
from codesign.compensation.rules.payout_methods import FIELDS, MethodKind, masked
from codesign.shared.sealing import Buffer, unseal
from codesign.studies.models import Member


@dataclass(frozen=True, slots=True)
class OwnMethod:
    """A person's own method as their page shows it."""

    kind: MethodKind
    masked: str
    usable_from: datetime
    cooling: bool
    unreadable: bool


def current_method(*, member_id: uuid.UUID) -> PayoutMethod | None:
    """Return the method of a person that counts now, or None."""
    return PayoutMethod.objects.current().filter(member_id=member_id).first()


def current_methods(*, member_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, PayoutMethod]:
    """Return member id → the method that counts now. One query."""
    methods = PayoutMethod.objects.current().filter(member_id__in=member_ids)
    return {method.member_id: method for method in methods}


def current_methods_in(*, study_id: uuid.UUID) -> dict[uuid.UUID, PayoutMethod]:
    """Return member id → the method that counts now, of everybody in a study. One query."""
    methods = PayoutMethod.objects.current().filter(member__study_id=study_id)
    return {method.member_id: method for method in methods}


def details_of(method: PayoutMethod, *, secret: Buffer) -> dict[str, str] | None:
    """Return the details of a method; None if they were shredded or no key opens them."""
    if not FIELDS[method.kind]:
        return {}
    text = unseal(method.ciphertext, secret=secret, use=PayoutMethod.SEALED)
    return None if text is None else json.loads(text)


def own_method(*, member: Member) -> OwnMethod | None:
    """Return a person's own method, masked."""
    method = current_method(member_id=member.id)
    if method is None or method.kind == MethodKind.NONE:
        return None
    details = details_of(method, secret=member.study.secret)
    return OwnMethod(
        kind=MethodKind(method.kind),
        masked=masked(method.kind, details) if details else "",
        usable_from=method.usable_from,
        cooling=method.usable_from > timezone.now(),
        unreadable=details is None,
    )


def replaced_and_unused() -> QuerySet[PayoutMethod]:
    """Return earlier methods whose details no payout needs any more."""
    used = Payout.objects.unfinished().filter(method_id=OuterRef("id"))
    earlier = PayoutMethod.objects.with_details().exclude(replaced_at=None)
    return earlier.filter(~Exists(used))


def to_be_forgotten() -> QuerySet[PayoutMethod]:
    """Return methods of people who left, where nothing is under way. They may be owed something."""
    used = Payout.objects.unfinished().filter(member_id=OuterRef("member_id"))
    leaving = PayoutMethod.objects.with_details().exclude(forget_asked_at=None)
    return leaving.filter(~Exists(used))
