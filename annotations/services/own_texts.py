"""Keeping a text with its author, and what the author says about it.

Nothing here is written into the audit trail: coordinators and auditors read that, and a text is
kept from them. `OwnTextMove` is the log.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db import transaction

from annotations.contract.submission import Submission
from annotations.models import Judgement, OwnText, OwnTextMove, Rewrite
from annotations.queries import own_texts as queries
from annotations.rules.own_texts import OWN_STATES, OwnKind, OwnState
from codesign.care.rules import says_so
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid, NotFound
from codesign.shared.transition import Move, machine, transition
from codesign.studies.models import Member

Sent = tuple[OwnKind, uuid.UUID, str]
"""(kind, id of the row that holds it, text)"""


def keep_private(*, member: Member, sent: Iterable[Sent]) -> None:
    """Keep those of the texts with their author that hold an explicit statement.

    In the transaction that stores them, so that nobody else sees one in between. Where none does,
    the database is not asked.
    """
    kept = [(kind, about) for kind, about, text in sent if text and says_so(text)]
    if kept:
        OwnText.objects.bulk_create(
            [OwnText(member=member, kind=kind, about=about) for kind, about in dict.fromkeys(kept)]
        )


def sent_with(
    *, judgement: Judgement, submission: Submission, notes: Iterable[Sent]
) -> Iterable[Sent]:
    """Every free text of a judgement; `notes` are those in rows of their own."""
    yield OwnKind.COMMENT, judgement.id, submission.comment
    for mark in submission.highlights:
        for words in (mark.label, mark.comment):
            yield OwnKind.HIGHLIGHTS, judgement.id, words
    yield from notes


@transaction.atomic
def decide(*, actor: Actor, text_id: uuid.UUID, state: str) -> OwnText:
    """Keep a text private or let it be used; the same again changes nothing.

    What may be in a release stays free: a rewrite on which a review has decided, and words beside
    marks, which no review reads. So no release ever holds a private text. Order of locks: member
    (the freezing of a release holds it too), rewrite (as a review does), text.
    """
    if state not in (OwnState.PRIVATE, OwnState.FREE):
        raise Invalid("There is no such choice.", {"state": ["Choose one of the two."]})
    member = _locked_author(actor, text_id)
    text = OwnText.objects.get(id=text_id, member=member)
    if text.state == OwnState.FREE and state == OwnState.PRIVATE:
        _check_unused(text)
    text = OwnText.objects.select_for_update(no_key=True).get(id=text_id)
    if text.state == state:
        return text
    transition(text, to=state, actor=actor)
    return text


def _log(move: Move) -> None:
    OwnTextMove.objects.create(own_text=move.row, old_state=move.old, new_state=move.new)


machine(OwnText, OWN_STATES, log=_log)


def _locked_author(actor: Actor, text_id: uuid.UUID) -> Member:
    if actor.user_id is None:  # the system writes nothing of its own
        raise NotFound
    found = (
        Member.objects.select_for_update(no_key=True)
        .filter(user_id=actor.user_id, id__in=OwnText.objects.filter(id=text_id).values("member"))
        .first()
    )
    if found is None:
        raise NotFound
    return found


def _check_unused(text: OwnText) -> None:
    used = text.kind == OwnKind.HIGHLIGHTS
    if text.kind == OwnKind.REWRITE:
        rewrite = Rewrite.objects.select_for_update(no_key=True).get(id=text.about)
        used = queries.is_decided(rewrite=rewrite)
    if used:
        raise Conflict(
            "This text may be in use already, so it cannot be made private here any more."
            " You can still take back a choice, or leave the study."
        )
