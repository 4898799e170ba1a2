"""The coordinator's list of people: owed, on the way, paid, method missing."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from codesign.studies.models import Member
from tests.factories.compensation import credit
from tests.factories.payouts import Two, owed
from tests.factories.studies import staff

pytestmark = pytest.mark.django_db


def row_of(member: Member, client: Client) -> str:
    address = reverse("compensation:people", kwargs={"slug": member.study.slug})
    rows = client.get(address).content.decode().split("<tr")
    return " ".join(next(row for row in rows if member.pseudonym in row).split())


def test_each_person_has_owed_on_the_way_and_paid(client: Client) -> None:
    member = owed(amount_minor=1000)
    missing = owed(member.cohort, 80, currency="GBP", kind=None)
    two = Two.of(member)
    client.force_login(staff(member.study).user)

    def amounts() -> list[str]:
        row = row_of(member, client)
        return [part.split("<")[0].strip() for part in row.split("<div>")[1:]]

    assert amounts() == ["€10.00", "–", "–"]
    assert "Bank account with an IBAN" in row_of(member, client)
    two.send(batch := two.make())
    credit(member, 5, currency="EUR")
    assert amounts() == ["€0.05", "€10.00", "–"]
    two.settle(batch)
    assert amounts() == ["€0.05", "–", "€10.00"]
    row = row_of(missing, client)
    assert "£0.80" in row
    assert "missing" in row
