"""Forms for setting up a study, each sent several times at the same moment."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import Rubric
from codesign.audit.models import Event
from codesign.consent.models import ConsentDraft, ConsentVersion
from codesign.consent.services import save_draft
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Cohort, Study
from codesign.studies.rules import Role, StudyState
from tests.factories.accounts import UserFactory
from tests.factories.consent import consent_text
from tests.factories.ready import draft_study, ready_study
from tests.support.at_once import asked_at_once, fill_in, statuses
from tests.support.consent_texts import written as text
from tests.support.rubric_forms import question, written
from tests.support.studies import NEW

pytestmark = pytest.mark.django_db(transaction=True)
ROLE = Role.COORDINATOR


def test_a_cohort_and_questions_are_made_once() -> None:
    study = draft_study()
    cohort = {"title": "Panel", "role": "panelist"}
    assert (
        statuses(asked_at_once(study, ROLE, fill_in("studies:cohorts", study, cohort))) == [302] * 3
    )
    assert Cohort.objects.count() == 1
    asks = fill_in("annotations:rubric-new", study, written(question(0, "Kind")))
    assert statuses(asked_at_once(study, ROLE, asks)) == [302] * 3
    made = Rubric.objects.get()
    address = reverse("annotations:rubric", kwargs={"slug": study.slug, "key": made.key})
    next_one: dict[str, Any] = written(question(0, "Warm", key="kind"), after="1")
    answers = asked_at_once(study, ROLE, lambda client: client.post(address, next_one))
    assert statuses(answers) == [302] * 3
    assert Rubric.objects.count() == 2


def test_a_text_is_saved_and_published_once() -> None:
    study = draft_study()
    saved = asked_at_once(study, ROLE, fill_in("consent:write", study, text()))
    assert statuses(saved) == [302] * 3
    shown = {"shown_hash": ConsentDraft.objects.get().content_hash}
    published = asked_at_once(study, ROLE, fill_in("consent:preview", study, shown))
    setting_up = reverse("desk:set-up", kwargs={"slug": study.slug})
    assert {answer.headers["Location"] for answer in published} == {setting_up}
    assert ConsentVersion.objects.count() == 1


def test_a_study_opens_once() -> None:
    study = ready_study()
    answers = asked_at_once(study, ROLE, fill_in("desk:open", study, {}))
    assert statuses(answers) == [302] * 3
    assert Study.objects.get().state == StudyState.OPEN
    assert Event.objects.filter(action="studies.state_changed").count() == 1


def test_a_study_is_made_once(client: Client) -> None:
    client.force_login(UserFactory.create(is_site_admin=True))
    for _ in range(2):
        answer = client.post(reverse("desk:study-new"), NEW)
        assert answer.headers["Location"] == reverse("desk:studies")
    assert Study.objects.count() == 1
    other = client.post(reverse("desk:study-new"), NEW | {"email": "carl@example.org"})
    assert other.status_code == 400


def test_who_writes_questions_meanwhile_is_not_overtaken_unseen(client: Client) -> None:
    study = draft_study()
    client.force_login(UserFactory.create())
    asks = fill_in("annotations:rubric-new", study, written(question(0, "Kind")))
    asked_at_once(study, ROLE, asks)
    address = reverse("annotations:rubric", kwargs={"slug": study.slug, "key": "how-it-feels"})

    def send(title: str, after: str) -> Any:
        sent: dict[str, Any] = written(question(0, title, key="kind"), after=after)
        return asked_at_once(study, ROLE, lambda client: client.post(address, sent))[0]

    assert send("Theirs", "1").status_code == 302
    late = send("Mine", "1")
    assert late.status_code == 400
    page = late.content.decode()
    assert "Somebody else has saved version 2" in page
    assert 'name="after" value="2"' in page
    assert send("Mine", "2").status_code == 302
    assert Rubric.objects.count() == 3


def test_saving_an_unchanged_draft_again_is_accepted() -> None:
    study = draft_study()
    for _ in range(2):
        save_draft(actor=SYSTEM, study=study, language="en", content=consent_text(), before="")
    assert Event.objects.filter(action="consent.draft_saved").count() == 1
