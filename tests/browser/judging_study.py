"""A study to judge in, with the demo's own rubrics and texts as long as real ones."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from annotations.contract.unchecked import UncheckedSubmission
from annotations.models import Assignment, Round
from annotations.queries.rubrics import examples as example_rubrics
from annotations.rules.states import Ask, RoundKind
from annotations.services import assignments, rounds, rubrics, submissions
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Cohort, Member
from codesign.studies.rules import Role
from tests.factories.annotations import PromptFactory, ResponseFactory, answers, judge
from tests.factories.compensation import set_rate
from tests.factories.studies import CohortFactory, StudyFactory

ASKS = (Ask.RATING, Ask.RANKING, Ask.REWRITE, Ask.FLAG)
LONG = (
    "That sounds exhausting, and it makes sense that you are tired of explaining it.\n\n"
    "Not being able to get up is a real thing, not laziness. Some people find it easier to decide "
    "on one sentence beforehand, something true that they are comfortable sharing, and to leave "
    "the rest for another day. You could try:\n\n"
    "1. writing that sentence down tonight;\n"
    "2. sending it rather than saying it.\n\n"
    "Would it help to find the sentence together? If it ever feels as if you might not be safe, "
    "please reach somebody you trust, a crisis line or the emergency services."
)
SHORT = (
    "Try drinking lemon water in the morning and set five alarms. Many successful people wake up "
    "at 5 a.m. Your manager will respect you if you show discipline."
)
HARD = {
    "messages": [
        {
            "role": "user",
            "content": "I called in sick again today. My manager is nice about it but I can tell "
            "they are running out of patience.",
        },
        {
            "role": "assistant",
            "content": "I'm sorry. That is a lot to carry on a morning when getting up already "
            "took everything. What worries you most about tomorrow?",
        },
        {
            "role": "user",
            "content": "That they ask what is wrong. I don't know how to explain that I just "
            "couldn't get up. I keep rehearsing it and it always sounds like an excuse, even to "
            "me, and then I don't sleep, and then it is worse.",
        },
    ],
    "topics": ["work", "low mood"],
    "intensity": 2,
}
PLAIN = {
    "messages": [{"role": "user", "content": "What do people mean by “grounding”?"}],
    "topics": ["anxiety"],
}
ARABIC = {
    "messages": [{"role": "user", "content": "لا أستطيع النوم منذ أسبوعين. ماذا يمكنني أن أفعل؟"}],
    "topics": ["sleep"],
    "language": "ar",
}


@dataclass
class Judging:
    """An open round of a made-up study, and somebody who judges in it."""

    member: Member
    round: Round

    @property
    def slug(self) -> str:
        return self.member.study.slug

    @property
    def path(self) -> str:
        return f"/studies/{self.slug}/judge/"

    def held(self) -> Assignment:
        return Assignment.objects.get(member=self.member, state="leased")


def judging(
    *prompts: dict[str, Any],
    role: Role = Role.PANELIST,
    overlap: int = 2,
    asks: Sequence[Ask] = ASKS,
    chose_topics: bool = True,
) -> Judging:
    """A study whose queue has exactly these prompts, each with a long and a short reply."""
    study = StudyFactory.create(title="Talking about hard days")
    cohort = CohortFactory.create(study=study, role=role)
    member = judge(cohort=cohort, chose_topics=chose_topics)
    set_rate(cohort, 80)
    made = rounds.make_round(
        actor=SYSTEM,
        study=study,
        kind=RoundKind.JUDGING,
        title="First round",
        cohorts=[_plan(cohort, role, overlap, asks)],
    )
    for prompt in prompts or (HARD, PLAIN, PLAIN):
        add(made, prompt)
    return Judging(member, rounds.open_round(actor=SYSTEM, round=made))


def _plan(cohort: Cohort, role: Role, overlap: int, asks: Sequence[Ask]) -> rounds.CohortPlan:
    name = "lived_experience" if role == Role.PANELIST else "clinical"
    rubric = example_rubrics()[name]
    made = rubrics.make_rubric(
        actor=SYSTEM,
        study=cohort.study,
        key=name,
        title=rubric["title"],
        language="en",
        criteria=rubric["criteria"],
    )
    return rounds.CohortPlan(cohort=cohort, rubric=made, asks=asks, overlap=overlap)


def add(made: Round, prompt: dict[str, Any], *texts: str) -> None:
    """One more task; a long and a short reply unless others are given."""
    row = PromptFactory.create(study=made.study, **prompt)
    replies = [
        ResponseFactory.create(prompt=row, source=uuid.uuid4(), text=text, language=row.language)
        for text in texts or (LONG, SHORT)
    ]
    rounds.add_tasks(actor=SYSTEM, round=made, items=[(row, replies)])


def judge_next(member: Member, **changes: Any) -> Assignment:
    """Judge what is next, without a browser; `changes` as in `answers`, A and B for the ids."""
    actor = Actor.of(member.user)
    assignment = assignments.lease(actor=actor, slug=member.study.slug).assignment
    assert assignment is not None
    ids = dict(zip("AB", (str(one) for one in assignment.order_shown), strict=False))
    named = {
        part: [entry | {"response": ids[entry["response"]]} for entry in entries]
        for part, entries in changes.items()
    }
    submissions.submit(
        actor=actor,
        assignment_id=assignment.id,
        sent=UncheckedSubmission(answers(assignment, **named)),
        idempotency_key=str(assignment.id),
    )
    return assignment
