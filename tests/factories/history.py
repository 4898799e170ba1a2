"""A row in every table that is never rewritten, made as people and programs make them."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone

from annotations.models import (
    DatasetRelease,
    OwnText,
    PayDecision,
    ReleaseMember,
    Retraction,
)
from annotations.queries.review import Kind
from annotations.rules.imported import ImportedStatement
from annotations.rules.states import FlagState, Harm, PayCheck, WhyHeld
from annotations.services import own_texts, review, review_access
from annotations.services.imported import record_imported_judgements
from codesign.accounts.services import make_account
from codesign.audit.models import Seal
from codesign.care.services.cases import add_note, ask_for_support
from codesign.compensation.models import Approval, PayChoice
from codesign.compensation.services import budgets, pay_rates, time_checks
from codesign.consent.services import withdraw
from codesign.jobs.models import Job, JobMove
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Member
from modelhub.services.versions import ensure_imported_model, source_of
from tests.factories.annotations import judge, judging_round, lease, send
from tests.factories.cases import lead_of
from tests.factories.compensation import credit, set_budget, set_floor
from tests.factories.modelhub import add_prompts, frozen_release
from tests.factories.payouts import Two, owed
from tests.factories.studies import CohortFactory, staff
from tests.support.kinds_rubric import kinds_rubric
from tests.support.turns_rubric import turns_rubric


def make_history() -> None:
    """A paid judgement that is reviewed, released and withdrawn, of a model's responses."""
    cohort = CohortFactory.create()
    member = judge(cohort=cohort)
    judging_round(cohort)
    kinds_rubric(cohort.study)
    turns_rubric(cohort.study)
    pay_rates.promise(member=member)
    credit(member)
    Approval.objects.create(study=member.study, about_kind="test_work", about_id=uuid.uuid4())
    _watch_the_money(member)
    paid = Two.of(owed(cohort))
    paid.send(batch := paid.make())
    paid.settle(batch)
    _judge_and_review(member)
    release: DatasetRelease = frozen_release(member.study)
    ReleaseMember.objects.create(release=release, member=member, rows=1)
    Retraction.objects.create(release=release, member=member, code="use_withdrawn")
    version = ensure_imported_model(actor=SYSTEM, study=member.study, name="made-up-model")
    source_of(study=member.study, version=version)
    add_prompts(member.study, "I can't sleep.")
    withdraw(actor=Actor.of(member.user), member=member)
    Seal.objects.create(after_xid=0, until_xid=1, events=1, previous="0", digest="1")
    make_account(actor=SYSTEM, email="history@example.org", password="pw-one-two")
    job = Job.objects.create(kind="mail", subject_id=uuid.uuid4())
    JobMove.objects.create(job=job, old="", new=job.state)


def _watch_the_money(member: Member) -> None:
    assert member.cohort
    set_floor(minimum_minor=1, currency="JPY")
    PayChoice.objects.create(member=member, share_percent=100)
    set_budget(member.study, 0, "EUR")
    budgets.warn_of_budgets()
    with transaction.atomic():
        time_checks.record(
            cohort=member.cohort,
            began=None,
            ended=timezone.now(),
            pieces=20,
            permille=1001,
            earned={(member, "GBP"): 80},
        )


def _judge_and_review(member: Member) -> None:
    held = lease(member)
    record_imported_judgements(
        actor=SYSTEM,
        study=held.study,
        statements=[ImportedStatement(held.order_shown[0], "rank")],
        source="A made-up forum",
    )
    report = {
        "response": str(held.order_shown[0]),
        "harm": Harm.OTHER,
        "severity": 1,
        "note": "I want to die",
    }
    flag = send(held, flags=[report]).judgement.flags.get()
    text = OwnText.objects.get(about=flag.id)
    own_texts.decide(actor=Actor.of(member.user), text_id=text.id, state="private")
    case = ask_for_support(member=member)
    add_note(actor=Actor.of(lead_of(member.study).user), case_id=case.id, text="Rang.")
    PayDecision.objects.create(
        study=held.study, assignment=held, new_state=PayCheck.HELD, why=WhyHeld.PACE
    )
    coordinator = Actor.of(staff(member.study).user)
    assert review_access.next_waiting(actor=coordinator, study=member.study, kind=Kind.FLAGS)
    review.decide(actor=SYSTEM, kind=Kind.FLAGS, item_id=flag.id, state=FlagState.DISMISSED)
