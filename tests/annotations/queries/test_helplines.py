"""The numbers of helplines that are no personal data: those of the code, and the study's own."""

from __future__ import annotations

import pytest
from django.utils import timezone

from annotations.datasets.policy.personal_data import personal_data_in
from annotations.queries.helplines import helpline_numbers, numbers_known_to
from codesign.care.models import Helpline
from tests.factories.studies import StudyFactory

pytestmark = pytest.mark.django_db
PHONE, TEXT = "020 7946 0958", "07700 900123"


def test_verified_lines_of_the_study_are_known() -> None:
    study, other = StudyFactory.create(), StudyFactory.create()
    line = Helpline.objects.create(
        study=study,
        country_code="GB",
        kind="crisis line",
        name="A local line",
        phone=f"{PHONE} or 116 123",
        text_number=TEXT,
        languages=["en"],
        source_url="https://example.org/",
    )
    said = f"Call {PHONE} or text {TEXT}."
    assert personal_data_in(said, helplines=numbers_known_to(study))
    Helpline.objects.filter(id=line.id).update(verified_on=timezone.localdate())
    assert {PHONE, TEXT, "116 123"} <= numbers_known_to(study)
    assert helpline_numbers() <= numbers_known_to(study)
    assert PHONE not in numbers_known_to(other)
    assert personal_data_in(said, helplines=numbers_known_to(study)) == []
