"""A small study in the database, with judgements that nobody had to lease."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from django.utils import timezone

from annotations.models import (
    Assignment,
    Criterion,
    DatasetRelease,
    Flag,
    Judgement,
    Prompt,
    Response,
    Rewrite,
    Round,
    Rubric,
    RubricText,
    Seat,
    Task,
    TaskResponse,
)
from annotations.queries.releases import JOB, folder_of
from annotations.rules.states import AssignmentState, RoundKind, RoundState, SeatState
from annotations.rules.text_kinds import Origin
from annotations.rules.texts import text_hash
from annotations.services import releases
from codesign.consent import services as consent
from codesign.consent.models import ConsentRecord
from codesign.consent.rules import WithdrawalLevel
from codesign.jobs.queries import job_about
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Member, Study
from tests.factories.consent import sign
from tests.factories.studies import CohortFactory, MemberFactory, StudyFactory, staff

GRANTS = ("take_part", "training", "evaluation", "publication")


class Story:
    """A study with a lived-experience and a clinical cohort."""

    def __init__(self, study: Study | None = None) -> None:
        self.study: Study = study or StudyFactory.create()
        self.coordinator = staff(self.study, "coordinator")
        self.cohorts = {
            "lived": CohortFactory.create(study=self.study, key="lived"),
            "clinical": CohortFactory.create(study=self.study, key="clinical", role="clinician"),
        }
        self.rubric = Rubric.objects.create(study=self.study, key="felt", title="How it felt")
        heard = Criterion.objects.create(rubric=self.rubric, key="heard", position=0)
        RubricText.objects.create(criterion=heard, language="en", title="Heard", question="Heard?")
        self.round = self.new_round(RoundKind.JUDGING)
        self.source = uuid.uuid4()

    def new_round(self, kind: str) -> Round:
        return Round.objects.create(
            study=self.study, kind=kind, title="First", state=RoundState.OPEN
        )

    def member(self, cohort: str = "lived", granted: tuple[str, ...] = GRANTS) -> Member:
        member: Member = MemberFactory.create(cohort=self.cohorts[cohort])
        sign(member, granted)
        return member

    def prompt(self, *replies: str, origin: Origin = Origin.AI, **changes: Any) -> Prompt:
        number = Prompt.objects.filter(study=self.study).count()
        values: dict[str, Any] = {
            "external_id": f"p{number}",
            "messages": [{"role": "user", "content": f"Question {number}"}],
            "content_hash": f"{number:064}",
            "category": "education",
            "topics": ["sleep"],
            "split_group": uuid.UUID(int=number),
        }
        prompt = Prompt.objects.create(study=self.study, **values | changes)
        task = Task.objects.create(round=self.round, prompt=prompt)
        usual = (f"The {text} answer to {prompt.external_id}" for text in ("first", "second"))
        for position, words in enumerate(replies or usual):
            response = Response.objects.create(
                prompt=prompt,
                text=words,
                text_hash=text_hash(words),
                origin=origin,
                source=self.source,
            )
            TaskResponse.objects.create(task=task, response=response, position=position)
        return prompt

    def responses(self, prompt: Prompt) -> list[Response]:
        return list(prompt.responses.order_by("text"))

    def judge(self, member: Member, prompt: Prompt, **changes: Any) -> Judgement:
        """The first response preferred, both rated, unless `changes` say otherwise."""
        assert member.cohort is not None
        task = prompt.tasks.get()
        first, second = (str(response.id) for response in self.responses(prompt))
        seat = Seat.objects.create(
            task=task,
            cohort=member.cohort,
            number=task.seats.count() + 1,
            state=SeatState.FILLED,
        )
        now = timezone.now()
        assignment = Assignment.objects.create(
            study=self.study,
            member=member,
            task=task,
            prompt=prompt,
            seat=seat,
            state=AssignmentState.SUBMITTED,
            asks=["rating", "ranking"],
            rubric=self.rubric,
            order_shown=[second, first],
            seed=1,
            propensity=0.5,
            amount_minor=80,
            currency="GBP",
            leased_at=now,
            expires_at=now,
            ended_at=now,
            sitting=uuid.uuid4(),
        )
        return self.sent(assignment, **{"ranking": [[first], [second]]} | changes)

    def sent(self, assignment: Assignment, **changes: Any) -> Judgement:
        """What was submitted for an assignment."""
        member = assignment.member
        values: dict[str, Any] = {
            "ratings": [
                {"response": str(response), "criterion": "heard", "score": 4}
                for response in assignment.order_shown
            ],
            "comment": f"A private remark of {member.pseudonym}",
            "active_ms": 60_000,
        }
        return Judgement.objects.create(
            assignment=assignment,
            member=member,
            consent_record=ConsentRecord.objects.filter(member=member).latest("signed_at"),
            submitted_at=timezone.now(),
            idempotency_key=str(uuid.uuid4()),
            body_hash="0" * 64,
            **values | changes,
        )

    def rewrite(
        self, judgement: Judgement, text: str = "Kinder words", state: str = "accepted"
    ) -> Rewrite:
        response = self.responses(judgement.assignment.prompt)[1]
        return Rewrite.objects.create(
            study_id=judgement.member.study_id,
            judgement=judgement,
            response=response,
            text=text,
            state=state,
        )

    def flag(self, judgement: Judgement, response: Response, state: str) -> Flag:
        return Flag.objects.create(
            study_id=judgement.member.study_id,
            judgement=judgement,
            response=response,
            harm="sycophancy",
            severity=2,
            note="A private note",
            state=state,
        )


def release(study: Study, purpose: str = "training") -> DatasetRelease:
    """A frozen release."""
    made = releases.release_now(actor=SYSTEM, study=study, purpose=purpose, progress=unwatched)
    assert made.state == "frozen", job_about(kind=JOB, subject_id=made.id).reason
    return made


def unwatched(done: int, total: int) -> None:
    """Progress that nobody looks at."""


def rows(made: DatasetRelease, config: str) -> list[dict[str, Any]]:
    """All records of a config, from its JSONL files."""
    files = sorted((folder_of(made) / "data").glob(f"*/{config}/*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def withdraw(member: Member, level: WithdrawalLevel = WithdrawalLevel.STOP_USE) -> None:
    """The member takes their consent back."""
    consent.withdraw(actor=Actor.of(member.user), member=member, level=level)


def files_of(made: DatasetRelease) -> str:
    """Return the content of every file of a release."""
    files = (path for path in Path(folder_of(made)).rglob("*") if path.is_file())
    return "".join(path.read_bytes().decode(errors="ignore") for path in files)
