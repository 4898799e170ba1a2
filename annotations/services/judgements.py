"""Insert judgements with their parts, for submissions and for corrections."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from annotations.contract.asked import Asked
from annotations.contract.parts import Highlight
from annotations.contract.submission import Submission
from annotations.models import Assignment, Flag, Judgement, Rewrite
from annotations.queries import rubrics
from annotations.rules.model_markup import readable
from annotations.rules.own_texts import OwnKind
from annotations.services import own_texts
from codesign.shared.compiled_queries import insert
from codesign.studies.models import Member


class ShownTexts(Mapping[str, str]):
    """Response id → text of an assignment, in the order shown. Texts are loaded when needed.

    Most judgements have no rewrites or highlights and need no texts.
    """

    def __init__(self, assignment: Assignment) -> None:
        """Take the assignment. Nothing is loaded yet."""
        self._assignment = assignment
        self._ids = {str(id): id for id in assignment.order_shown}

    def __getitem__(self, response: str) -> str:
        """Return the text that people see: without the thoughts and control tokens of its model."""
        return readable(self._assignment.responses[self._ids[response]].text).text

    def __contains__(self, response: object) -> bool:
        """Return whether a response was shown, without loading its text as Mapping would."""
        return response in self._ids

    def __iter__(self) -> Iterator[str]:
        """Iterate over the response ids, in the order shown."""
        return iter(self._ids)

    def __len__(self) -> int:
        """Return the number of responses."""
        return len(self._ids)


def asked_of(*, member: Member, assignment: Assignment) -> Asked:
    """Return what a submission for the assignment is checked against."""
    words = rubrics.rubric_in(assignment.rubric_id, member.study.language)
    turns = words.turns_of(assignment.prompt.messages) if words.each_turn else range(0)
    return words.asked(texts=ShownTexts(assignment), asks=assignment.asks, turns=turns)


def _in_source(judgement: Judgement, mark: Highlight) -> dict[str, Any]:
    """Return a highlight whose offsets are those of the stored text."""
    source = judgement.assignment.responses[uuid.UUID(mark.response)].text
    start, end = readable(source).in_source(mark.start, mark.end)
    return mark.model_dump() | {"start": start, "end": end}


@dataclass(frozen=True)
class Written:
    """The rows of a judgement that was inserted, and every free text in them."""

    rewrites: list[Rewrite]
    flags: list[Flag]
    texts: list[own_texts.Sent]


def write(*, judgement: Judgement, submission: Submission) -> Written:
    """Insert a judgement with the answers of a submission, its rewrites and its flags.

    The caller has locked the member and decides which texts stay private, in the same transaction.
    """
    judgement.ratings = [rating.model_dump() for rating in submission.ratings]
    turn_ratings = [rating.model_dump() for rating in submission.turn_ratings]
    judgement.turn_ratings = turn_ratings or None
    judgement.ranking = [list(group) for group in submission.ranking]
    judgement.strength = submission.strength
    judgement.all_harmful = submission.all_harmful
    judgement.highlights = [_in_source(judgement, one) for one in submission.highlights]
    judgement.why = list(submission.why) or None
    judgement.comment = submission.comment
    if judgement.revision == 1:
        insert(judgement)  # of the judging loop; leaves the revision to the database
    else:
        judgement.save(force_insert=True)
    rewrites = Rewrite.objects.bulk_create(
        Rewrite(
            study_id=judgement.member.study_id,
            judgement=judgement,
            response_id=uuid.UUID(rewrite.response),
            text=rewrite.text,
            example=judgement.example,
        )
        for rewrite in submission.rewrites
    )
    flags = Flag.objects.bulk_create(
        Flag(
            study_id=judgement.member.study_id,
            judgement=judgement,
            response_id=uuid.UUID(flag.response),
            harm=flag.harm,
            severity=flag.severity,
            note=flag.note,
            example=judgement.example,
        )
        for flag in submission.flags
    )
    notes: list[own_texts.Sent] = [(OwnKind.REWRITE, row.id, row.text) for row in rewrites]
    notes += [(OwnKind.FLAG_NOTE, row.id, row.note) for row in flags]
    texts = own_texts.sent_with(judgement=judgement, submission=submission, notes=notes)
    return Written(rewrites, flags, list(texts))
