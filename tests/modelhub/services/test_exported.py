"""Who exported a model learns that it must not be used any more, and can say that it is gone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from codesign.accounts.models import OutgoingMail
from codesign.audit.models import Event
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict
from codesign.studies.models import Member
from codesign.studies.rules import Role
from modelhub.models import ModelVersion, TrainingRun
from modelhub.rules.states import TrainingState
from modelhub.services import exported, exporting
from modelhub.services.versions import ensure_embedded_model
from tests.factories.studies import MemberFactory, StudyFactory, staff
from tests.support.release_study import Story, release, withdraw
from tests.support.running import eventually
from tests.support.together import LONGEST, closing, somebody_waits
from tests.support.trained_models import model_of_bytes

pytestmark = pytest.mark.django_db

NAMED = "model that you exported must not be used"


class Trained:
    """A model, a child of it, and another that learnt from nobody who leaves."""

    def __init__(self, models: Path) -> None:
        self.models = models
        self.story = Story()
        self.study = self.story.study
        self.leaves = self.story.member()
        self.story.judge(self.leaves, self.story.prompt())
        self.release = release(self.study)
        self.run = TrainingRun.objects.create(
            study=self.study,
            release=self.release,
            base=ensure_embedded_model(),
            method="dpo",
            config_hash="one",
            state=TrainingState.DONE,
        )
        self.model = model_of_bytes(self.study, models, training_run=self.run)
        self.child = model_of_bytes(self.study, models, name="child", parent=self.model)
        self.other = model_of_bytes(self.study, models, name="other")
        self.taker = staff(self.study, Role.ML_ENGINEER)
        self.idle = staff(self.study, Role.ML_ENGINEER)

    def page(self, model: ModelVersion) -> str:
        return reverse("modelhub:model", args=[self.study.slug, model.id])

    def take(self, model: ModelVersion, member: Member | None = None) -> None:
        answer = client_of(member or self.taker).get(f"{self.page(model)}download/")
        assert answer.status_code == 200

    def mails(self) -> list[OutgoingMail]:
        return list(OutgoingMail.objects.filter(subject__contains=NAMED).order_by("body"))


def client_of(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def seen_by(member: Member, address: str) -> str:
    return client_of(member).get(address).content.decode()


@pytest.fixture
def trained(settings: Any, tmp_path: Path) -> Trained:
    settings.MODELS_DIR = tmp_path
    return Trained(tmp_path)


def test_exporters_get_an_e_mail_that_names_nobody(trained: Trained) -> None:
    """standards 2.9: each recipient is notified, of a child of the model as well."""
    for model in (trained.model, trained.model, trained.child, trained.other):
        trained.take(model)
    exporting.open_package(actor=SYSTEM, version=trained.model)
    withdraw(trained.leaves)
    mails = trained.mails()
    assert [mail.to for mail in mails] == [trained.taker.user.email] * 2
    for mail, model in zip(mails, (trained.child, trained.model), strict=True):
        assert trained.page(model) in mail.body
        assert f"the model {model.name} learnt from has withdrawn" in " ".join(mail.body.split())
        assert trained.leaves.pseudonym not in mail.body
        assert trained.leaves.user.email not in mail.body


def test_a_look_at_the_download_is_no_export(trained: Trained) -> None:
    address = f"{trained.page(trained.model)}download/"
    assert client_of(trained.taker).head(address).status_code == 200
    withdraw(trained.leaves)
    assert trained.mails() == []


def test_home_and_page_ask_to_delete_until_it_is_confirmed(trained: Trained) -> None:
    """standards 2.9: and asked to acknowledge."""
    home = f"/studies/{trained.study.slug}/"
    trained.take(trained.model)
    assert "Please delete your copies" not in seen_by(trained.taker, home)
    withdraw(trained.leaves)
    assert "Please delete your copies" in seen_by(trained.taker, home)
    assert "Please delete your copies" not in seen_by(trained.idle, home)
    page = trained.page(trained.model)
    assert "My copies are deleted" in seen_by(trained.taker, page)
    assert "My copies are deleted" not in seen_by(trained.idle, page)
    for _ in range(2):
        answer = client_of(trained.taker).post(f"{page}deleted/")
        assert (answer.status_code, answer.headers["Location"]) == (302, page)
    said = Event.objects.filter(action="modelhub.exported_model_deleted")
    assert [(event.actor_id, event.about_id) for event in said] == [
        (trained.taker.user_id, trained.model.id)
    ]
    assert "Please delete your copies" not in seen_by(trained.taker, home)
    assert "You confirmed that your copies are deleted" in seen_by(trained.taker, page)


def test_those_who_confirmed_are_not_asked_again(trained: Trained) -> None:
    also = trained.story.member()
    trained.story.judge(also, trained.story.prompt())
    second = release(trained.study)
    run = TrainingRun.objects.create(
        study=trained.study,
        release=second,
        base=trained.model,
        method="dpo",
        config_hash="two",
        state=TrainingState.DONE,
    )
    both = model_of_bytes(
        trained.study, trained.models, name="both", parent=trained.model, training_run=run
    )
    trained.take(both)
    withdraw(trained.leaves)
    assert len(trained.mails()) == 1  # although both releases are superseded
    exported.confirm_deleted(actor=Actor.of(trained.taker.user), version=both)
    withdraw(also)
    assert len(trained.mails()) == 1


@pytest.mark.django_db(transaction=True)
def test_somebody_who_withdraws_while_a_model_leaves_is_told_of(trained: Trained) -> None:
    actor = Actor.of(trained.taker.user)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            withdraw(trained.leaves)
            leaving = pool.submit(
                closing, lambda: exporting.open_package(actor=actor, version=trained.model)
            )
            eventually(lambda: somebody_waits() or leaving.done())
        leaving.result(LONGEST)
    assert [mail.to for mail in trained.mails()] == [trained.taker.user.email]


def test_only_exporters_confirm_and_only_after_a_withdrawal(trained: Trained) -> None:
    trained.take(trained.model)
    page = f"{trained.page(trained.model)}deleted/"
    assert client_of(trained.taker).post(page).status_code == 409
    withdraw(trained.leaves)
    with pytest.raises(Conflict, match="not exported"):
        exported.confirm_deleted(actor=Actor.of(trained.idle.user), version=trained.model)
    with pytest.raises(Conflict, match="not exported"):
        exported.confirm_deleted(actor=SYSTEM, version=ensure_embedded_model())
    for someone, status in (
        (staff(trained.study, Role.AUDITOR), 403),
        (staff(trained.study, Role.SAFETY_LEAD), 403),
        (MemberFactory.create(cohort__study=trained.study), 403),
        (staff(StudyFactory.create(), Role.ML_ENGINEER), 404),
    ):
        assert client_of(someone).post(page).status_code == status
    assert not Event.objects.filter(action="modelhub.exported_model_deleted").exists()
