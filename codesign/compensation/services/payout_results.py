"""Importing what the bank says of a batch: arrived, failed, or unknown."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

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
from codesign.compensation.models import (
    Payout,
    PayoutBatch,
    PayoutFile,
    PayoutOutcome,
    ResultFile,
)
from codesign.compensation.queries import payouts as queries
from codesign.compensation.rules import payout_results as rules
from codesign.compensation.rules.payout_results import Outcome, Result
from codesign.compensation.rules.payouts import BATCH_STATES, BatchState
from codesign.compensation.services import payout_items as items
from codesign.compensation.services.payout_methods import shred_unused
from codesign.compensation.services.payouts import ROWS, coordinator, locked_batch
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Invalid
from codesign.shared.transition import transition

RESULTS_IMPORTED = action(
    "compensation.results_imported", gettext_lazy("imported results of a payout batch")
)
FAILED = gettext_lazy("Your payment did not arrive")
FAILED_BODY = gettext_lazy(
    "We tried to pay you, and your bank or payment service sent the money back. Nothing is lost: we"
    " still owe it to you, and will try again. Please check how you are paid: %(address)s"
)


@transaction.atomic
def import_results(*, actor: Actor, batch: PayoutBatch, content: bytes) -> int:
    """Import a file of results, all of it or nothing; return the number of payouts that moved.

    The same file again changes nothing. Raises Invalid with the errors by line.
    """
    reader = coordinator(actor=actor, study=batch.study)
    batch = locked_batch(batch=batch)
    sha256 = hashlib.sha256(content).hexdigest()
    if ResultFile.objects.filter(batch=batch, sha256=sha256).exists():
        return 0
    if batch.state not in (BatchState.SENT, BatchState.SETTLED):
        BATCH_STATES.refuse(batch.state)
    table = rules.read_table(content)
    known = queries.known_of(batch=batch)
    results, problems = rules.check_results(table, known, currency=batch.currency)
    if table.problem or problems:
        shown = [table.problem] if table.problem else problems[: rules.MOST_PROBLEMS]
        if len(problems) > len(shown):
            shown.append(_("And %(n)d more lines.") % {"n": len(problems) - len(shown)})
        raise Invalid(_("Nothing was imported. Please check the file."), {"file": shown})
    file = ResultFile.objects.create(
        batch=batch, sha256=sha256, rows=len(table.rows), imported_by=reader
    )
    _apply(batch, file, results)
    counts = dict.fromkeys(Outcome.values, 0)
    for result in results:
        counts[result.outcome] += 1
    audit.record(
        actor=actor,
        action=RESULTS_IMPORTED,
        study_id=batch.study_id,
        about=("payout_batch", batch.id, batch.currency),
        data={"sha256": sha256, "rows": len(table.rows), **counts},
    )
    _settle(batch)
    return len(results)


def _apply(batch: PayoutBatch, file: ResultFile, results: Iterable[Result]) -> None:
    by_reference = {result.reference: result for result in results}
    payouts = [one for one in batch.payouts.all() if one.reference in by_reference]
    PayoutOutcome.objects.bulk_create(
        [
            PayoutOutcome(
                file=file,
                payout=payout,
                line=by_reference[payout.reference].line,
                outcome=by_reference[payout.reference].outcome,
                detail=by_reference[payout.reference].detail,
            )
            for payout in payouts
        ],
        batch_size=ROWS,
    )

    def those(outcome: Outcome) -> list[Payout]:
        return [one for one in payouts if by_reference[one.reference].outcome == outcome]

    items.arrive(batch=batch, payouts=those(Outcome.PAID))
    failed = those(Outcome.FAILED)
    items.bring_back(batch=batch, payouts=failed)
    items.lose_sight(payouts=those(Outcome.UNKNOWN))
    _tell(failed)


def _tell(failed: Iterable[Payout]) -> None:
    """Mail people whose payout failed, each in their language; the mail names no amount."""
    found = Payout.objects.filter(id__in=[payout.id for payout in failed])
    for payout in found.select_related("member__user", "member__study"):
        address = settings.SITE_URL + reverse(
            "compensation:mine", kwargs={"slug": payout.member.study.slug}
        )
        with translation.override(language_of(payout.member.user)):
            send_mail(
                to=payout.member.user.email,
                subject=str(FAILED),
                body=str(FAILED_BODY) % {"address": address},
            )


def _settle(batch: PayoutBatch) -> None:
    """End a batch of which nothing is under way; delete its file, and details nobody needs."""
    if batch.state != BatchState.SENT or batch.payouts.under_way().exists():
        return
    transition(batch, to=BatchState.SETTLED, actor=SYSTEM, changes={"settled_at": timezone.now()})
    PayoutFile.objects.filter(batch=batch).update(content=b"")
    shred_unused()
