"""Choosing how to be paid, and shredding the details once no payout needs them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.accounts.queries import language_of
from codesign.accounts.services.outbox import send_mail
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.compensation.models import PayoutMethod, PayoutOutcome
from codesign.compensation.permissions import CHOOSE_METHOD
from codesign.compensation.queries import payout_methods as queries
from codesign.compensation.queries.payouts import money_of
from codesign.compensation.queries.rejections import can_still_be_paid
from codesign.compensation.registry import PAY_TO_COME
from codesign.compensation.rules.payout_methods import COOLING, FIELDS, MethodKind, checked
from codesign.consent.queries import state_of
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Invalid, NotFound
from codesign.shared.sealing import key_id, seal
from codesign.studies.models import Member, Study
from codesign.studies.permissions import require

METHOD_CHOSEN = action("compensation.method_chosen", gettext_lazy("chose how to be paid"))
DETAILS_SHREDDED = action(
    "compensation.details_shredded", gettext_lazy("deleted details of a payout method")
)

CHANGED = gettext_lazy("How you are paid has changed")
CHANGED_BODY = gettext_lazy(
    "Somebody, we hope you, has just changed how you are paid on Codesign. For your safety we use"
    " the new details only after 48 hours.\n\nWas it not you? Sign in now, change them back, and"
    " write to %(contact)s: %(address)s"
)


@transaction.atomic
def choose_method(
    *, actor: Actor, study: Study, kind: str, details: Mapping[str, str]
) -> PayoutMethod:
    """Store how the actor wants to be paid in a study, from 48 hours on, and mail them.

    Raises Invalid with what to change. The caller has made sure that the person proved who they
    are. The details before go at once, unless a payout still refers to them.
    """
    member = require(actor, CHOOSE_METHOD, study)
    if member is None:  # the system is paid nothing
        raise NotFound
    if kind not in MethodKind.values:
        raise Invalid(_("Please choose one."), {"kind": [_("Please choose one.")]})
    stored, problems = checked(MethodKind(kind), details)
    if problems:
        raise Invalid(_("Please check what you typed."), problems)
    Member.objects.select_for_update(no_key=True).get(id=member.id)
    now = timezone.now()
    PayoutMethod.objects.current().filter(member=member).update(replaced_at=now)
    method = PayoutMethod.objects.create(
        member=member,
        kind=kind,
        ciphertext=_sealed(study, stored) if FIELDS[kind] else b"",
        key_id=key_id(),
        usable_from=now + COOLING,
        forget_asked_at=now if state_of(member_id=member.id) == "left" else None,
    )
    audit.record(
        actor=actor,
        action=METHOD_CHOSEN,
        study_id=study.id,
        about=("payout_method", method.id, ""),
        data={"kind": kind},
    )
    _tell(member)
    shred_unused(member_id=member.id)
    return method


def _sealed(study: Study, details: Mapping[str, str]) -> bytes:
    return seal(json.dumps(details), secret=study.secret, use=PayoutMethod.SEALED)


def _tell(member: Member) -> None:
    address = settings.SITE_URL + reverse("compensation:method", kwargs={"slug": member.study.slug})
    with translation.override(language_of(member.user)):
        send_mail(
            to=member.user.email,
            subject=str(CHANGED),
            body=str(CHANGED_BODY) % {"contact": member.study.contact, "address": address},
        )


@transaction.atomic
def forget(*, member: Member) -> None:
    """Shred a leaving member's details: now, or once everything that they earned is paid."""
    methods = PayoutMethod.objects.with_details().filter(member=member, forget_asked_at=None)
    methods.update(forget_asked_at=timezone.now())
    shred_unused(member_id=member.id)


@transaction.atomic
def shred_unused(*, member_id: uuid.UUID | None = None) -> int:
    """Shred the details that no payout needs, of one person or of all; return their number.

    These are details that were replaced, and those of people who left, once nothing is or may be
    owed. A timer calls this too, for what was settled in the same moment as its person left.
    """
    shredded = 0
    for unused in (queries.replaced_and_unused(), queries.to_be_forgotten()):
        found = unused.filter(member_id=member_id) if member_id else unused
        locked = found.select_for_update(no_key=True, skip_locked=True, of=("self",))
        for method in locked.select_related("member"):
            if method.replaced_at is None and _is_owed(method.member_id):
                continue
            _shred(method)
            shredded += 1
    return shredded


def _is_owed(member_id: uuid.UUID) -> bool:
    """Return whether a person is owed something, or may be: by held pay or an open appeal."""
    money = money_of(member_ids=[member_id]).get(member_id, [])
    return (
        any(one.owed > 0 or one.under_way > 0 for one in money)
        or any(waits(member_id) for _name, waits in PAY_TO_COME)
        or can_still_be_paid(member_id=member_id)
    )


def _shred(method: PayoutMethod) -> None:
    method.ciphertext, method.shredded_at = b"", timezone.now()
    method.save(update_fields=["ciphertext", "shredded_at"])
    if method.forget_asked_at:
        PayoutOutcome.objects.filter(payout__member_id=method.member_id).update(detail="")
    audit.record(
        actor=SYSTEM,
        action=DETAILS_SHREDDED,
        study_id=method.member.study_id,
        about=("payout_method", method.id, ""),
    )


def reseal() -> tuple[int, int]:
    """Seal the details again that an earlier key sealed; return (resealed, unreadable).

    After this, `SECRET_KEY_FALLBACKS` need not hold that key for payout details.
    """
    done = unreadable = 0
    old = PayoutMethod.objects.with_details().exclude(key_id=key_id())
    for method_id in list(old.values_list("id", flat=True)):
        with transaction.atomic():
            locked = PayoutMethod.objects.select_for_update(no_key=True, of=("self",))
            method = locked.select_related("member__study").get(id=method_id)
            study = method.member.study
            details = queries.details_of(method, secret=study.secret)
            if details is None:
                unreadable += 1
                continue
            method.ciphertext, method.key_id = _sealed(study, details), key_id()
            method.save(update_fields=["ciphertext", "key_id"])
            done += 1
    return done, unreadable
