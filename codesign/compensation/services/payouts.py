"""Batches of payouts: made by one coordinator, approved by another, sent, or cancelled."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.compensation.models import Account, Payout, PayoutBatch, PayoutFile
from codesign.compensation.permissions import PAY_OUT
from codesign.compensation.queries import payouts as queries
from codesign.compensation.rules import payout_files as files
from codesign.compensation.rules import payouts as rules
from codesign.compensation.rules.ledger import AccountKind
from codesign.compensation.rules.payout_methods import check_iban, check_name
from codesign.compensation.rules.payouts import BATCH_STATES, BatchState, Channel, PayoutState
from codesign.compensation.services import payout_items as items
from codesign.compensation.services.payout_methods import shred_unused
from codesign.shared.actors import Actor
from codesign.shared.advisory_locks import Lock, lock_until_commit
from codesign.shared.errors import Conflict, Gone, Invalid, NotPermitted
from codesign.shared.money import CURRENCIES
from codesign.shared.sealing import key_id, seal, unseal
from codesign.shared.transition import Move, machine, transition
from codesign.studies.models import Member, Study
from codesign.studies.permissions import require

BATCH_MADE = action("compensation.batch_made", gettext_lazy("made a payout batch"))
BATCH_MOVED = action("compensation.batch_moved", gettext_lazy("moved a payout batch on"))
FILE_READ = action("compensation.payout_file_read", gettext_lazy("downloaded a payout file"))

ROWS = 2_000
"""Payouts in one statement."""


def _log(move: Move) -> None:
    audit.record(
        actor=move.actor,
        action=BATCH_MOVED,
        study_id=move.row.study_id,
        about=("payout_batch", move.row.id, _label(move.row)),
        data={"from": move.old, "to": move.new, **move.data},
    )


machine(PayoutBatch, BATCH_STATES, log=_log)


def _label(batch: PayoutBatch) -> str:
    return f"{batch.get_channel_display()}, {batch.currency}"


def coordinator(*, actor: Actor, study: Study) -> Member:
    """Return the membership of a coordinator. The system handles no payouts: a person must."""
    member = require(actor, PAY_OUT, study)
    if member is None:
        raise NotPermitted(_("Two people must handle a payout."))
    return member


@transaction.atomic
def make_batch(
    *,
    actor: Actor,
    study: Study,
    currency: str,
    channel: str,
    threshold_minor: int,
    payer_name: str = "",
    payer_iban: str = "",
) -> PayoutBatch:
    """Draft a batch of all who can be paid now; another coordinator approves it.

    Nothing moves yet. Raises Invalid with what to change, and Conflict if nobody can be paid.
    """
    maker = coordinator(actor=actor, study=study)
    payer = _checked(currency, channel, threshold_minor, payer_name, payer_iban)
    found = queries.preview(
        study=study, currency=currency, channel=channel, threshold=threshold_minor
    )
    if not found.paid:
        raise Conflict(_("Nobody can be paid by such a batch now."))
    if len(found.paid) > rules.MOST_PAYOUTS:
        raise Conflict(
            _("A batch holds at most %(most)d people. Please set a higher threshold.")
            % {"most": rules.MOST_PAYOUTS}
        )
    batch = PayoutBatch.objects.create(
        study=study,
        currency=currency,
        channel=channel,
        threshold_minor=threshold_minor,
        payer=seal(json.dumps(payer), secret=study.secret, use=PayoutBatch.SEALED),
        made_by=maker,
    )
    _draft(batch, found)
    audit.record(
        actor=actor,
        action=BATCH_MADE,
        study_id=study.id,
        about=("payout_batch", batch.id, _label(batch)),
        data={"people": len(found.paid), "total_minor": found.total, "currency": currency},
    )
    return batch


def _draft(batch: PayoutBatch, found: queries.Preview) -> None:
    payouts = [
        Payout(
            batch=batch,
            member_id=person.member_id,
            method_id=person.method_id,
            amount_minor=person.owed,
            currency=batch.currency,
            reference=rules.new_reference(),
        )
        for person in found.paid
        if person.method_id
    ]
    Payout.objects.bulk_create(payouts, batch_size=ROWS)


def _checked(
    currency: str, channel: str, threshold: int, payer_name: str, payer_iban: str
) -> dict[str, str] | None:
    """Return the account that the batch pays from, which only a SEPA file names."""
    problems: dict[str, list[str]] = {}
    if channel not in Channel.values:
        problems["channel"] = [_("Please choose one.")]
    if currency not in CURRENCIES:
        problems["currency"] = [_("Please choose a currency in which people are owed something.")]
    elif channel == Channel.SEPA and currency != rules.SEPA_CURRENCY:
        problems["channel"] = [_("SEPA transfers pay euros only. Please choose another way.")]
    if threshold < 0:
        problems["threshold"] = [_("Type an amount of zero or more.")]
    payer: dict[str, str] | None = None
    if channel == Channel.SEPA:
        payer = {}
        for name, check, written in (
            ("name", check_name, payer_name),
            ("iban", check_iban, payer_iban),
        ):
            _check(f"payer_{name}", name, check, written, payer, problems)
    if problems:
        raise Invalid(_("Please check what you typed."), problems)
    return payer


def _check(
    field: str,
    name: str,
    check: Callable[[str], str],
    written: str,
    payer: dict[str, str],
    problems: dict[str, list[str]],
) -> None:
    try:
        payer[name] = check(written)
    except ValueError as error:
        problems[field] = [str(error)]


def locked_batch(*, batch: PayoutBatch) -> PayoutBatch:
    """Lock the batch until the transaction ends, and return its current row."""
    batches = PayoutBatch.objects.select_for_update(of=("self",)).select_related("study")
    return batches.get(id=batch.id)


@transaction.atomic
def approve(*, actor: Actor, batch: PayoutBatch, count: int, total_minor: int) -> PayoutBatch:
    """Approve a batch that somebody else made: build its file and post that the money leaves.

    `count` and `total_minor` are what the approver saw. Raises NotPermitted for the maker, and
    Conflict if the batch would pay something else by now.
    """
    approver = coordinator(actor=actor, study=batch.study)
    batch = locked_batch(batch=batch)
    if problem := queries.why_not_approve(member=approver, batch=batch):
        raise NotPermitted(problem)
    BATCH_STATES.check(batch.state, BatchState.APPROVED)
    lock_until_commit(Lock.REVIEW_PAY, batch.study_id)  # no proposal or rejection meanwhile
    people = batch.payouts.filter(state=PayoutState.DRAFTED).values("member_id")
    payable = Account.objects.filter(
        owner_id__in=people, kind=AccountKind.PAYABLE, currency=batch.currency
    )
    list(payable.order_by("id").select_for_update(no_key=True).values_list("id"))
    now_ready = queries.ready(batch=batch)
    if (len(now_ready.sent), now_ready.total) != (count, total_minor) or not now_ready.sent:
        raise Conflict(
            _("What this batch pays has changed. Please go back, and look at the new totals.")
        )
    for why in {why for _payout, why in now_ready.dropped}:
        items.leave_out(
            payouts=[payout for payout, one in now_ready.dropped if one == why], why=why
        )
    items.send(batch=batch, payouts=[payout for payout, _person in now_ready.sent])
    file = _build(batch, now_ready)
    transition(
        batch,
        to=BatchState.APPROVED,
        actor=actor,
        changes={"approved_by": approver, "approved_at": timezone.now()},
        people=file.count,
        total_minor=file.total_minor,
        currency=batch.currency,
        sha256=file.sha256,
    )
    return batch


def _build(batch: PayoutBatch, now_ready: queries.Ready) -> PayoutFile:
    """Build the file once, and store it only if its own totals equal what was posted."""
    lines = [
        files.Line(
            reference=payout.reference,
            amount_minor=payout.amount_minor,
            currency=payout.currency,
            kind=person.kind,
            details=person.details or {},
            code=person.code,
        )
        for payout, person in now_ready.sent
    ]
    payer = json.loads(queries.payer_of(batch=batch) or "null")
    if batch.channel == Channel.SEPA and payer is None:
        raise Conflict(_("The account to pay from cannot be read. Please make a new batch."))
    content = files.build(
        batch.channel,
        lines,
        payer=files.Payer(**payer) if payer else None,
        day=timezone.now().date(),
    )
    totals = files.totals_of(batch.channel, content, currency=batch.currency)
    if totals != files.Totals(len(lines), now_ready.total):
        raise ValueError(f"the file of batch {batch.id} does not add up")
    return PayoutFile.objects.create(
        batch=batch,
        name=f"payout-{batch.id}{files.SUFFIXES.get(batch.channel, '.csv')}",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        content=seal(content.decode(), secret=batch.study.secret, use=PayoutBatch.SEALED),
        key_id=key_id(),
        **asdict(totals),
    )


@transaction.atomic
def hand_out(*, actor: Actor, batch: PayoutBatch) -> tuple[PayoutFile, bytes]:
    """Return the stored bytes of a file to its maker or its approver; each time is recorded.

    From the first time on, the batch counts as sent and cannot be cancelled.
    """
    reader = coordinator(actor=actor, study=batch.study)
    batch = locked_batch(batch=batch)
    if reader.id not in (batch.made_by_id, batch.approved_by_id):
        raise NotPermitted(_("Only the two people who made and approved this batch get its file."))
    if batch.state == BatchState.APPROVED:
        transition(batch, to=BatchState.SENT, actor=actor, changes={"sent_at": timezone.now()})
    if batch.state not in (BatchState.SENT, BatchState.SETTLED):
        BATCH_STATES.refuse(batch.state)
    file = PayoutFile.objects.get(batch=batch)
    if not file.content:
        raise Gone(_("This file was deleted, because everything in it is settled."))
    text = unseal(file.content, secret=batch.study.secret, use=PayoutBatch.SEALED)
    content = (text or "").encode()
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise Conflict(_("This file cannot be read. Please tell the people who run the server."))
    audit.record(
        actor=actor,
        action=FILE_READ,
        study_id=batch.study_id,
        about=("payout_batch", batch.id, _label(batch)),
        data={"sha256": file.sha256},
    )
    return file, content


@transaction.atomic
def cancel(*, actor: Actor, batch: PayoutBatch) -> PayoutBatch:
    """Cancel a batch whose file nobody has had. What it took goes back to the people."""
    coordinator(actor=actor, study=batch.study)
    batch = locked_batch(batch=batch)
    BATCH_STATES.check(batch.state, BatchState.CANCELLED)
    if batch.state == BatchState.APPROVED:
        sent = list(batch.payouts.under_way())
        items.bring_back(batch=batch, payouts=sent, to=PayoutState.CANCELLED)
    else:
        items.cancel_drafted(payouts=list(batch.payouts.filter(state=PayoutState.DRAFTED)))
    PayoutFile.objects.filter(batch=batch).update(content=b"")
    transition(batch, to=BatchState.CANCELLED, actor=actor)
    shred_unused()
    return batch
