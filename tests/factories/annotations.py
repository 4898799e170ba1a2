"""Prompts, responses, rubrics, rounds; `judging_round` makes a whole open round at once."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from factory.declarations import LazyAttribute, LazyFunction, SubFactory
from factory.declarations import Sequence as Numbered
from factory.django import DjangoModelFactory

from annotations.contract.unchecked import UncheckedSubmission
from annotations.models import Assignment, Prompt, Response, Round, Rubric, Task, TopicChoice
from annotations.rules.states import Ask, RoundKind
from annotations.rules.text_kinds import Category, Origin
from annotations.rules.topics import Choice
from annotations.services import assignments, rounds, rubrics, submissions
from codesign.consent.rules import Purpose
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Cohort, Member, Study
from tests.factories.compensation import set_rate
from tests.factories.consent import sign
from tests.factories.studies import MemberFactory, StudyFactory

SOURCE_A = uuid.UUID("aaaaaaaa-0000-4000-8000-000000000001")
SOURCE_B = uuid.UUID("bbbbbbbb-0000-4000-8000-000000000002")
CRITERIA = ("heard", "usable")
ASKS = (Ask.RATING, Ask.RANKING, Ask.REWRITE, Ask.HIGHLIGHT, Ask.FLAG)


TOPIC = "low mood"
"""The topic of a prompt unless said otherwise."""


def judge(
    *,
    granted: Iterable[Purpose] = (Purpose.TAKE_PART, Purpose.TRAINING),
    chose_topics: bool = True,
    **fields: Any,
) -> Member:
    """A member who has signed, has chosen topics and may judge; `cohort=` puts them with others."""
    member = MemberFactory.create(**fields)
    sign(member, granted)
    if chose_topics:
        choose_topics(member)
    return member


def choose_topics(member: Member) -> None:
    """Let a member have chosen topics, as the judging page asks before the first text."""
    TopicChoice.objects.create(member=member, topic=TOPIC, choice=Choice.FINE)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class PromptFactory(DjangoModelFactory[Prompt]):
    class Meta:
        model = Prompt

    study = SubFactory(StudyFactory)
    external_id = Numbered(lambda n: f"prompt-{n}")
    messages = Numbered(lambda n: [{"role": "user", "content": f"A hard day, number {n}."}])
    content_hash = LazyAttribute(lambda o: sha(o.messages[0]["content"]))
    category = Category.EDUCATION
    topics = LazyFunction(lambda: [TOPIC])
    split_group = LazyFunction(uuid.uuid4)


class ResponseFactory(DjangoModelFactory[Response]):
    class Meta:
        model = Response

    prompt = SubFactory(PromptFactory)
    text = Numbered(lambda n: f"That sounds heavy. Reply {n} with a small step.")
    text_hash = LazyAttribute(lambda o: sha(o.text))
    origin = Origin.AI
    source = SOURCE_A


def make_rubric(study: Study, *, keys: Sequence[str] = CRITERIA) -> Rubric:
    anchors = {str(score): f"anchor {score}" for score in range(1, 6)}
    scale = {"kind": "likert", "min": 1, "max": 5, "anchors": anchors}
    return rubrics.make_rubric(
        actor=SYSTEM,
        study=study,
        key="lived-experience",
        title="How it would feel",
        language="en",
        criteria=[
            {"key": key, "title": key.title(), "help": f"{key}?", "scale": scale} for key in keys
        ],
    )


def add_task(
    made: Round,
    *,
    sources: Sequence[uuid.UUID] = (SOURCE_A, SOURCE_B),
    text: str | None = None,
    **prompt_fields: Any,
) -> Task:
    """One more task: a prompt with one response from each source, with this text if given."""
    held_out = made.kind == RoundKind.EVALUATION
    prompt = PromptFactory.create(study=made.study, held_out=held_out, **prompt_fields)
    said = {} if text is None else {"text": text}
    responses = [ResponseFactory.create(prompt=prompt, source=source, **said) for source in sources]
    return rounds.add_tasks(actor=SYSTEM, round=made, items=[(prompt, responses)])[0]


def judging_round(
    *of: Cohort | None,
    tasks: int = 1,
    overlap: int = 1,
    asks: Sequence[str] = ASKS,
    kind: RoundKind = RoundKind.JUDGING,
    sources: Sequence[uuid.UUID] = (SOURCE_A, SOURCE_B),
    opened: bool = True,
    criteria: Sequence[str] = CRITERIA,
) -> Round:
    """A round in which these cohorts (of one study) are paid to judge `tasks` prompts."""
    cohorts = [cohort for cohort in of if cohort]
    study = cohorts[0].study
    rubric = make_rubric(study, keys=criteria)
    for cohort in cohorts:
        if not cohort.pay_rates.exists():
            set_rate(cohort)
    made = rounds.make_round(
        actor=SYSTEM,
        study=study,
        kind=kind,
        title="First round",
        cohorts=[
            rounds.CohortPlan(cohort=cohort, rubric=rubric, asks=asks, overlap=overlap)
            for cohort in cohorts
        ],
    )
    for _ in range(tasks):
        add_task(made, sources=sources)
    return rounds.open_round(actor=SYSTEM, round=made) if opened else made


def lease(member: Member) -> Assignment:
    """Return the member's assignment, leased now if there is none. Fails if nothing is left."""
    assignment = assignments.lease(actor=Actor.of(member.user), slug=member.study.slug).assignment
    assert assignment is not None
    return assignment


def send(assignment: Assignment, key: str = "one", **changes: Any) -> submissions.Submitted:
    """Send the assignment's answers as its member."""
    return submissions.submit(
        actor=Actor.of(assignment.member.user),
        assignment_id=assignment.id,
        sent=UncheckedSubmission(answers(assignment, **changes)),
        idempotency_key=key,
    )


def answers(assignment: Assignment, **changes: Any) -> dict[str, Any]:
    """A complete submission for an assignment: rated, first response better, `changes` on top."""
    first, *rest = (str(id) for id in assignment.order_shown)
    scales = assignment.rubric.criteria.values_list("key", flat=True)
    body = {
        "ratings": [
            {"response": id, "criterion": key, "score": 4}
            for id in [first, *rest]
            for key in scales
        ]
        if Ask.RATING in assignment.asks
        else [],
        "ranking": [[first], rest] if rest else [[first]],
        "active_seconds": 30,
    }
    return body | changes
