"""The lock under which a study changes."""

from __future__ import annotations

import uuid

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError

from codesign.studies.locks import lock_study
from codesign.studies.models import Study
from tests.factories.studies import StudyFactory
from tests.support.together import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_lock_study_outside_a_transaction_refuses() -> None:
    study = StudyFactory.create()
    with pytest.raises(TransactionManagementError, match="lock_study needs a transaction"):
        lock_study(study_id=study.id)


def test_lock_study_returns_the_study_as_it_is_now() -> None:
    study = StudyFactory.create(title="Before")
    Study.objects.filter(id=study.id).update(title="After")
    with transaction.atomic():
        assert lock_study(study_id=study.id).title == "After"


def test_lock_study_of_a_missing_study_raises_does_not_exist() -> None:
    with transaction.atomic(), pytest.raises(Study.DoesNotExist, match="does not exist"):
        lock_study(study_id=uuid.uuid4())


@pytest.mark.parametrize("exclusive", [True, False])
def test_two_services_that_lock_one_study_take_turns(exclusive: bool) -> None:
    study = StudyFactory.create()
    seen: list[str] = []

    def change() -> None:
        with transaction.atomic():
            locked = lock_study(study_id=study.id, exclusive=exclusive)
            seen.append(locked.title)
            locked.title += "."
            locked.save(update_fields=["title"])

    at_once(change, change, change)
    assert sorted(seen) == [study.title, f"{study.title}.", f"{study.title}.."]
