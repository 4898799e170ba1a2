"""Reading, signing, keeping, changing and leaving, page by page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from codesign.accounts.models import User
from codesign.audit.models import Event
from codesign.compensation.models import Promise
from codesign.consent import queries, services
from codesign.consent.models import ConsentRecord, Withdrawal
from codesign.consent.rules import Purpose
from codesign.shared.actors import Actor
from codesign.studies.models import Member
from tests.factories.compensation import set_rate
from tests.factories.consent import publish, sign
from tests.factories.studies import MemberFactory
from tests.support.counting import queries_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    member = MemberFactory.create()
    set_rate(member.cohort)
    publish(member.study)
    return member


@pytest.fixture
def door(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def address(name: str, member: Member, **more: Any) -> str:
    return reverse(f"consent:{name}", kwargs={"slug": member.study.slug, **more})


def hidden(html: str) -> dict[str, str]:
    """Return the hidden fields of the form: hashes of the text that is shown."""
    return dict(re.findall(r'type="hidden" name="(shown_\w+)" value="(\w*)"', html))


def post(door: Client, member: Member, **sent: str) -> Any:
    page = address("read", member)
    return door.post(page, hidden(door.get(page).content.decode()) | sent)


def test_the_page_says_what_it_pays_before_one_signs(  # standards 3.1
    door: Client, member: Member
) -> None:
    page = door.get(address("read", member)).content.decode()
    for said in ("£0.80", "about 3 minutes", "£16.00 an hour", "paid the same if you skip"):
        assert said in page, said
    assert f"mailto:{member.study.contact}" in page  # standards 2.4
    assert page.index("This is made up.") < page.index("What you do")  # standards 2.14
    assert " checked" not in page  # standards 2.5


def test_signing_keeps_choices_and_promise(door: Client, member: Member) -> None:
    answer = post(
        door, member, typed_name="Robin Made-up", choice_take_part="on", choice_training="on"
    )
    assert answer.status_code == 302
    record = queries.record_in_force(member_id=member.id)
    assert record is not None
    assert record.version.language == "en"  # standards 2.15
    granted = {p for p, yes in queries.choices_of(record_id=record.id).items() if yes}
    assert granted == {"take_part", "training"}
    promise = Promise.objects.get(member=member)
    assert (promise.rate.amount_minor, promise.hourly_minor) == (80, 1600)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"typed_name": "Robin", "choice_training": "on"}, "tick that you want to take part"),
        ({"choice_take_part": "on", "choice_training": "on"}, "Please type your name."),
    ],
)
def test_a_mistake_keeps_what_was_filled_in(
    door: Client, member: Member, sent: dict[str, str], said: str
) -> None:
    answer = post(door, member, **sent)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert said in page
    assert re.search(r'name="choice_training"[^>]*checked', page)
    assert ("Robin" in page) is ("typed_name" in sent)
    assert not ConsentRecord.objects.exists()


@pytest.mark.parametrize("name", ["\u200b\u200b", "\u3164", "\u2800", "\ufeff \u00ad", ".", "12"])
def test_a_signature_that_shows_nothing_is_none(  # standards 2.2
    door: Client, member: Member, name: str
) -> None:
    answer = post(door, member, typed_name=name, choice_take_part="on")
    assert answer.status_code == 400
    assert "Please type your name." in answer.content.decode()
    assert not ConsentRecord.objects.exists()


@pytest.mark.parametrize("form", ["", "text", "page"])
def test_a_copy_of_the_first_version_is_shown_truly(
    door: Client, member: Member, form: str
) -> None:
    """Its sentence said “below” of choices that stand above; its name could be invisible."""
    signed = sign(member)
    old = ConsentRecord.objects.create(
        member=member,
        version=signed.version,
        typed_name="\u200b\u3164",
        meaning="I agree to take part as I chose below.",
        signed_hash=signed.signed_hash,
        signed_at=signed.signed_at,
    )
    for choice in signed.choices.all():
        old.choices.create(purpose=choice.purpose, granted=choice.granted)
    more = {"form": form} if form else {}
    url = address("download" if form else "copy", member, record_id=old.id, **more)
    text = door.get(url).content.decode()
    assert "as I chose below" not in text
    assert "with the choices that I made when I signed" in text
    assert "The name has only invisible characters" in text
    assert not re.search("below|above", signed.meaning)


@pytest.mark.parametrize("what", ["text", "pay"])
def test_changed_text_is_shown_and_not_signed(door: Client, member: Member, what: str) -> None:
    page = address("read", member)
    seen = hidden(door.get(page).content.decode())
    if what == "pay":
        set_rate(member.cohort, 90)
    else:
        publish(member.study, title="Another text")
    answer = door.post(page, seen | {"typed_name": "Robin", "choice_take_part": "on"})
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "has changed since you opened" in html
    assert " checked" not in html
    assert 'value="Robin"' in html
    assert not ConsentRecord.objects.exists()


def test_a_missing_language_is_unavailable_and_never_english(  # standards 2.15
    door: Client, member: Member
) -> None:
    pages = {}
    for language in ("ar", "cy"):  # with a translated interface, and without
        User.objects.filter(id=member.user_id).update(language=language)
        pages[language] = door.get(address("read", member)).content.decode()
        assert "This is made up." not in pages[language]
    assert 'lang="ar"' in pages["ar"][: pages["ar"].index("<head")]
    assert "not available in your language" in pages["cy"]
    publish(member.study, language="x-made-up", material=False)
    page = " ".join(door.get(address("read", member)).content.decode().split())
    page = page.replace("> ", ">").replace(" <", "<")
    assert ">English</a>" in page
    assert ">x-made-up</a>" in page
    chosen = door.get(address("read", member) + "?language=en").content.decode()
    assert "This is made up." in chosen


def test_a_study_without_a_text_asks_nothing(client: Client) -> None:
    member = MemberFactory.create()
    client.force_login(member.user)
    assert "not ready yet" in client.get(address("read", member)).content.decode()


def test_a_signed_text_is_not_asked_for_again(door: Client, member: Member) -> None:
    sign(member)
    answer = door.get(address("read", member))
    assert answer.headers["Location"] == address("choices", member)


def test_one_button_changes_one_choice(door: Client, member: Member) -> None:
    record = sign(member)
    page = address("choices", member)
    assert door.post(page, {"purpose": "training", "granted": "no"}).status_code == 302
    assert door.post(page, {"purpose": "training", "granted": "no"}).status_code == 302
    assert queries.choices_of(record_id=record.id)["training"] is False
    assert record.choices.filter(purpose="training").count() == 2  # pressing twice adds nothing
    assert door.post(page, {"purpose": "evaluation", "granted": "yes"}).status_code == 302
    assert queries.choices_of(record_id=record.id)["evaluation"] is True
    assert door.post(page, {"purpose": "take_part", "granted": "no"}).status_code == 400
    assert door.post(page, {"purpose": "nonsense", "granted": "no"}).status_code == 400


def test_leaving_takes_no_more_steps_than_joining(  # standards 2.8
    door: Client, member: Member
) -> None:
    home = reverse("desk:study", kwargs={"slug": member.study.slug})
    joining = [home, address("read", member)]
    assert joining[1] in door.get(joining[0]).content.decode()
    post(door, member, typed_name="Robin", choice_take_part="on")
    leaving = [home, address("leave", member)]
    assert leaving[1] in door.get(leaving[0]).content.decode()
    page = door.get(leaving[1]).content.decode()
    assert page.count("<input") == 1  # the CSRF token: nothing to fill in
    assert "may not be able to unlearn" in page
    assert door.post(leaving[1]).status_code == 302
    assert len(leaving) <= len(joining)
    assert queries.record_in_force(member_id=member.id) is None
    assert door.get(leaving[1]).status_code == 302
    assert door.post(leaving[1]).status_code == 409
    assert "You have left this study" in door.get(home).content.decode()
    assert post(door, member, typed_name="Robin", choice_take_part="on").status_code == 302
    assert queries.record_in_force(member_id=member.id) is not None


@pytest.mark.parametrize("form", ["", "text", "page"])
def test_every_form_of_the_copy_shows_name_time_and_meaning(  # standards 2.2, 2.3
    door: Client, member: Member, form: str
) -> None:
    record = sign(member)
    services.change_choice(
        actor=Actor.of(member.user),
        member=member,
        purpose=Purpose.TRAINING,
        granted=False,
    )
    name = "download" if form else "copy"
    more = {"form": form} if form else {}
    answer = door.get(address(name, member, record_id=record.id, **more))
    text = answer.content.decode()
    for said in (
        "Made-up Name",
        f"{record.signed_at:%H:%M:%S} UTC",
        record.meaning,
        record.signed_hash,
        "You read and judge.",
        "Changed to no on",
    ):
        assert said in text, said
    assert ("attachment" in answer.headers.get("Content-Disposition", "")) is bool(form)
    assert "no-store" in answer.headers["Cache-Control"]


def test_only_the_signer_sees_a_copy(door: Client, member: Member) -> None:
    sign(member)
    other = MemberFactory.create(cohort=member.cohort)
    theirs = sign(other)
    assert door.get(address("copy", member, record_id=theirs.id)).status_code == 404
    wrong = address("download", member, record_id=theirs.id, form="text")
    assert door.get(wrong).status_code == 404
    mine = ConsentRecord.objects.get(member=member)
    assert door.get(address("download", member, record_id=mine.id, form="exe")).status_code == 404


def test_choices_page_makes_constant_queries(door: Client, member: Member) -> None:
    sign(member)
    few = queries_of(door, address("choices", member))
    for _ in range(4):
        services.withdraw(actor=Actor.of(member.user), member=member)
        sign(member)
    assert queries_of(door, address("choices", member)) == few


def test_leaving_takes_every_signature_back(door: Client, member: Member) -> None:
    """standards 2.8: signatures of earlier texts are withdrawn too."""
    first = sign(member)
    publish(member.study)
    second = sign(member)
    assert door.post(address("leave", member)).status_code == 302
    assert set(Withdrawal.objects.values_list("record", flat=True)) == {first.id, second.id}
    assert queries.state_of(member_id=member.id) == queries.ConsentState.LEFT
    assert Event.objects.filter(action=services.WITHDRAWN).count() == 1
    assert door.post(address("leave", member)).status_code == 409
