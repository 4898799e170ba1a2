"""Who took a release learns that it is superseded, what that means, and can say it is gone."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import DatasetRelease
from annotations.queries.recipients import has_acknowledged, taken_and_superseded
from annotations.services import recipients
from codesign.accounts.models import OutgoingMail
from codesign.audit.models import Event
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict
from codesign.studies.models import Member, Study
from codesign.studies.rules import Role
from modelhub.models import ModelVersion, TrainingRun
from modelhub.rules.states import ModelKind, TrainingState
from modelhub.services.versions import ensure_embedded_model
from tests.factories.studies import staff
from tests.support.release_study import Story, release, withdraw

pytestmark = pytest.mark.django_db


class Taken:
    """A release that one engineer took and another did not, and the person who then left."""

    def __init__(self) -> None:
        self.story = Story()
        self.leaves = self.story.member()
        self.story.judge(self.leaves, self.story.prompt())
        self.release = release(self.story.study)
        self.taker = staff(self.story.study, Role.ML_ENGINEER)
        self.other = staff(self.story.study, Role.ML_ENGINEER)
        self.page = reverse("annotations:release", args=[self.story.study.slug, self.release.id])
        recipients.open_file(
            actor=Actor.of(self.taker.user), release=self.release, name="README.md"
        )

    def leave(self) -> None:
        withdraw(self.leaves)
        self.release.refresh_from_db()


def seen_by(member: Member, address: str) -> str:
    client = Client()
    client.force_login(member.user)
    return client.get(address).content.decode()


def home_of(member: Member) -> str:
    return seen_by(member, f"/studies/{member.study.slug}/")


def test_only_recipients_get_an_e_mail_that_names_nobody() -> None:
    """standards 2.9: each recipient is notified."""
    taken = Taken()
    taken.leave()
    (mail,) = OutgoingMail.objects.filter(subject__contains="superseded")
    assert mail.to == taken.taker.user.email
    assert taken.page in mail.body
    assert "has withdrawn their consent" in mail.body
    assert taken.leaves.pseudonym not in mail.body
    assert taken.leaves.user.email not in mail.body


def test_a_second_withdrawal_writes_no_second_mail() -> None:
    taken = Taken()
    also = taken.story.member()
    taken.story.judge(also, taken.story.prompt())
    second = release(taken.story.study)
    recipients.open_file(actor=Actor.of(taken.taker.user), release=second, name="README.md")
    taken.leave()
    withdraw(also)
    assert OutgoingMail.objects.filter(subject__contains="superseded").count() == 2  # of each one


def test_home_and_page_ask_to_delete_until_it_is_confirmed() -> None:
    """standards 2.9: and asked to acknowledge."""
    taken = Taken()
    assert "Please delete your copy" not in home_of(taken.taker)
    taken.leave()
    assert "Please delete your copy" in home_of(taken.taker)
    assert "Please delete your copy" not in home_of(taken.other)
    page = seen_by(taken.taker, taken.page)
    assert "My copy is deleted" in page
    assert f"/api/v1/studies/{taken.story.study.slug}/retractions/?release=1" in page
    assert "My copy is deleted" not in seen_by(taken.other, taken.page)
    client = Client()
    client.force_login(taken.taker.user)
    for _ in range(2):
        client.post(f"{taken.page}deleted/")
    said = Event.objects.filter(action="annotations.release_acknowledged")
    assert [event.actor_id for event in said] == [taken.taker.user_id]
    assert "Please delete your copy" not in home_of(taken.taker)
    assert "You confirmed that your copy is deleted" in seen_by(taken.taker, taken.page)


def test_a_release_in_force_has_nothing_to_delete() -> None:
    taken = Taken()
    actor = Actor.of(taken.taker.user)
    with pytest.raises(Conflict, match="not superseded"):
        recipients.acknowledge(actor=actor, release=taken.release)
    assert not has_acknowledged(actor=actor, release=taken.release)
    assert taken_and_superseded(actor=actor, study=taken.story.study) == []


def trained_on(made: DatasetRelease, state: str, key: str) -> TrainingRun:
    values: dict[str, Any] = {"method": "dpo", "config_hash": key, "state": state}
    return TrainingRun.objects.create(
        study=made.study, release=made, base=ensure_embedded_model(), **values
    )


def trained(parent: ModelVersion, **values: Any) -> ModelVersion:
    values |= {"kind": ModelKind.ADAPTER, "path": "adapters/x/adapter", "sha256": "0" * 64}
    return ModelVersion.objects.create(study=Study.objects.get(), parent=parent, **values)


def test_runs_and_models_that_learnt_from_it_are_named() -> None:
    """standards 2.9: the registry from models to data sets; those built on them as well."""
    taken = Taken()
    run = trained_on(taken.release, TrainingState.DONE, "one")
    trained_on(taken.release, TrainingState.FAILED, "two")
    child = trained(run.base, name="child", training_run=run)
    trained(child, name="grandchild")
    taken.leave()
    for shown in (seen_by(taken.taker, taken.page), home_of(taken.taker)):
        assert shown.count("A training run: Preferences (DPO)") == 1
        assert "The model child" in shown
        assert "The model grandchild" in shown
    assert "Train on a newer release" in seen_by(taken.taker, taken.page)
