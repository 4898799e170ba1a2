"""Keep texts private to their authors, and store the authors' decisions.

The audit trail does not record this, because coordinators and auditors read it. `OwnTextMove` is
the log.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress

from django.db import transaction
from django.utils.translation import gettext as _

from annotations.contract.submission import Submission
from annotations.models import Judgement, OwnText, OwnTextMove, Rewrite
from annotations.queries import own_texts as queries
from annotations.rules.own_texts import OWN_STATES, OwnKind, OwnState, Source, urgency_of
from codesign.care.models import Case
from codesign.care.rules.cases import Answer
from codesign.care.rules.disclosure.phrases import Urgency
from codesign.care.services import cases
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid, NotFound
from codesign.shared.transition import Move, machine, transition
from codesign.studies.models import Member

Sent = tuple[OwnKind, uuid.UUID, str]
"""(kind, id of the row with the text, text)"""


def keep_private(*, member: Member, source: Source, about: uuid.UUID, sent: Iterable[Sent]) -> None:
    """Mark the texts that may tell of a crisis as visible only to their author; ask about them.

    `about` is the judgement, skipped assignment or review decision that they were sent with. Runs
    in the transaction that stores the texts, so that nobody else ever sees one. Without such a
    text, no query is made.
    """
    urgencies = {
        (kind, row): urgency for kind, row, text in sent if text and (urgency := urgency_of(text))
    }
    if not urgencies:
        return
    OwnText.objects.bulk_create(
        [OwnText(member=member, kind=kind, about=row) for kind, row in urgencies]
    )
    imminent = Urgency.IMMINENT in urgencies.values()
    cases.notice_words(
        member=member,
        about_kind=source,
        about=about,
        urgency=Urgency.IMMINENT if imminent else Urgency.CONCERN,
    )


def sent_with(
    *, judgement: Judgement, submission: Submission, notes: Iterable[Sent]
) -> Iterable[Sent]:
    """Yield every free text of a judgement. `notes` are those in separate rows.

    A label that was chosen from a list is no text of the person: with a list that has “not-safe”,
    each use of it would look like words about the person.
    """
    yield OwnKind.COMMENT, judgement.id, submission.comment
    for mark in submission.highlights:
        if mark.label not in queries.labels_to_choose(judgement.assignment):
            yield OwnKind.HIGHLIGHTS, judgement.id, mark.label
        yield OwnKind.HIGHLIGHTS, judgement.id, mark.comment
    yield from notes


def carry_over(*, member: Member, same: Mapping[tuple[OwnKind, uuid.UUID], uuid.UUID]) -> None:
    """Give texts of a correction the privacy of the same texts that were sent before.

    `same` has (kind, earlier row) → later row. Runs in the transaction that stores the correction.
    """
    for earlier in OwnText.objects.filter(member=member, about__in=[row for _kind, row in same]):
        if later := same.get((OwnKind(earlier.kind), earlier.about)):
            text = OwnText.objects.create(member=member, kind=earlier.kind, about=later)
            if earlier.state != text.state:
                transition(text, to=earlier.state, actor=Actor.of(member.user))


@transaction.atomic
def decide(*, actor: Actor, text_id: uuid.UUID, state: str) -> OwnText:
    """Keep a text private or allow its use. Repeating a decision changes nothing.

    A text that may already be in a release cannot be made private again: a reviewed rewrite, or the
    words of highlights, which are not reviewed. So no release ever contains a private text. Order
    of locks: member (also locked by a freeze), rewrite (also locked by a review), text.
    """
    if state not in (OwnState.PRIVATE, OwnState.FREE):
        raise Invalid(_("Unknown choice."), {"state": [_("Choose one of the two.")]})
    member = _locked_author(actor, text_id)
    text = OwnText.objects.get(id=text_id, member=member)
    if text.state == OwnState.FREE and state == OwnState.PRIVATE:
        _check_unused(text)
    text = OwnText.objects.select_for_update(no_key=True).get(id=text_id)
    if text.state == state:
        return text
    transition(text, to=state, actor=actor)
    return text


def follow_answer(*, actor: Actor, case: Case) -> None:
    """Free the texts of a case that are about the person in the text; else keep them private.

    Texts that may already be in use stay free, and the author is not troubled with that.
    """
    about_text = case.answer == Answer.TEXT
    state = OwnState.FREE if about_text else OwnState.PRIVATE
    rows = queries.of_case(about_kind=case.about_kind, about=case.about)
    for text_id, old in rows.values_list("id", "state"):
        if about_text or old == OwnState.FREE:
            with suppress(Conflict):
                decide(actor=actor, text_id=text_id, state=state)


def _log(move: Move) -> None:
    OwnTextMove.objects.create(own_text=move.row, old_state=move.old, new_state=move.new)


machine(OwnText, OWN_STATES, log=_log)


def _locked_author(actor: Actor, text_id: uuid.UUID) -> Member:
    if actor.user_id is None:  # the system has no texts
        raise NotFound
    author = (
        Member.objects.select_for_update(no_key=True)
        .filter(user_id=actor.user_id, id__in=OwnText.objects.filter(id=text_id).values("member"))
        .first()
    )
    if author is None:
        raise NotFound
    return author


def _check_unused(text: OwnText) -> None:
    used = text.kind == OwnKind.HIGHLIGHTS
    if text.kind == OwnKind.REWRITE:
        rewrite = Rewrite.objects.select_for_update(no_key=True).get(id=text.about)
        used = queries.is_decided(rewrite=rewrite)
    if used:
        raise Conflict(
            _(
                "This text may already be in use, so you can no longer make it private here."
                " You can still change your choices or leave the study."
            )
        )
