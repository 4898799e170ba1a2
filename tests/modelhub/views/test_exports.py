"""Downloads of trained models by page and API: what they hold, and who may."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import DatasetRelease
from codesign.accounts.rules import TokenScope
from codesign.accounts.services import make_token
from codesign.audit.models import Event
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Study
from codesign.studies.rules import Role
from modelhub.models import ModelVersion
from tests.factories.studies import MemberFactory, StudyFactory, staff
from tests.support.trained_models import ADAPTER, HUB_ID, PAPERS, TOKENIZER

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def unpacked(answer: Any) -> tuple[set[str], dict[str, Any]]:
    with tarfile.open(fileobj=io.BytesIO(b"".join(answer.streaming_content))) as archive:
        names = archive.getnames()
        folders = {name.partition("/")[0] for name in names}
        assert len(folders) == 1
        config = archive.extractfile(f"{folders.pop()}/adapter_config.json")
        assert config
        return {name.partition("/")[2] for name in names}, json.loads(config.read())


def addresses(study: Study, model: ModelVersion) -> list[str]:
    keys = {"slug": study.slug, "model_id": model.id}
    return [reverse("modelhub:model-download", kwargs=keys), f"/api/v1/models/{model.id}/package/"]


def test_page_and_api_give_the_same_archive_and_record_it(
    study: Study, model: ModelVersion
) -> None:
    engineer = staff(study, Role.ML_ENGINEER)
    client = Client()
    client.force_login(engineer.user)
    for address in addresses(study, model):
        assert client.head(address).status_code == 200
        answer = client.get(address)
        assert answer.headers["Content-Type"] == "application/x-tar"
        assert f'filename="{model.name}.tar"' in answer.headers["Content-Disposition"]
        names, config = unpacked(answer)
        assert names == ADAPTER | TOKENIZER | PAPERS
        assert config["base_model_name_or_path"] == HUB_ID
    recorded = Event.objects.filter(action="modelhub.model_exported", about_id=model.id)
    assert [event.data["to"] for event in recorded] == ["download", "download"]
    page = client.get(reverse("modelhub:model", args=[study.slug, model.id])).content.decode()
    assert addresses(study, model)[0] in page
    auditor = Client()
    auditor.force_login(staff(study, Role.AUDITOR).user)
    page = auditor.get(reverse("modelhub:model", args=[study.slug, model.id])).content.decode()
    assert addresses(study, model)[0] not in page


def test_a_token_downloads_with_the_scope_that_says_so_alone(
    study: Study, model: ModelVersion
) -> None:
    engineer = staff(study, Role.ML_ENGINEER)
    for scope in TokenScope:
        _, secret = make_token(actor=SYSTEM, user=engineer.user, name=scope, scopes=[scope], days=1)
        program = Client(headers={"Authorization": f"Token {secret}"})
        answer = program.get(addresses(study, model)[1])
        assert answer.status_code == (200 if scope == "models:export" else 403), scope
    assert Event.objects.filter(action="modelhub.model_exported").count() == 1


def test_page_and_api_refuse(study: Study, model: ModelVersion) -> None:
    for someone, status in (
        (staff(study, Role.AUDITOR).user, 403),
        (staff(study, Role.SAFETY_LEAD).user, 403),
        (MemberFactory.create(cohort__study=study).user, 403),
        (staff(StudyFactory.create(), Role.ML_ENGINEER).user, 404),
    ):
        client = Client()
        client.force_login(someone)
        for address in addresses(study, model):
            assert client.get(address).status_code in {status, 404 if "api" in address else status}
    DatasetRelease.objects.filter(training_runs__model_version=model).update(state="superseded")
    client = Client()
    client.force_login(staff(study, Role.ML_ENGINEER).user)
    for address in addresses(study, model):
        answer = client.get(address)
        assert answer.status_code == 409
        assert "withdrawn later" in answer.content.decode()
    page = client.get(reverse("modelhub:model", args=[study.slug, model.id])).content.decode()
    assert addresses(study, model)[0] not in page
