"""A study from nothing to its first text, by pages alone and without scripts."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from annotations.models import Assignment, Round
from annotations.queries.filling import JOB
from codesign.accounts.services import make_account
from codesign.consent.models import ConsentVersion
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Member, Study
from codesign.studies.rules import StudyState
from modelhub.models import Upload
from modelhub.queries.uploads import KIND
from tests.journeys.visitor import Page, Visitor
from tests.support.jobs import run

PASSWORD = "seven-plain-words-9"
AT = "/studies/quiet-nights"
ROWS = """{"prompt": "I lie awake.", "responses": ["That is hard.", "What keeps you awake?"]}
{"prompt": "Nobody calls.", "responses": ["I hear you.", "Whom would you like to hear from?"]}
"""


@pytest.fixture
def visit(transactional_db: None, live_server: LiveServer) -> Any:
    """Somebody with an account, signed in by the form."""
    visitors: list[Visitor] = []

    def sign_in(name: str, **options: Any) -> Visitor:
        email = f"{name}@example.org"
        make_account(actor=SYSTEM, email=email, password=PASSWORD, **options)
        visitor = Visitor(int(live_server.url.rpartition(":")[2]))
        visitors.append(visitor)
        visitor.sign_in(email, PASSWORD)
        return visitor

    yield sign_in
    for visitor in visitors:
        visitor.client.close()


def next_step(coordinator: Visitor) -> str:
    """The first thing that is missing, as the home says it."""
    words = coordinator.get(f"{AT}/").words
    return words.partition("Next: ")[2].partition(" Continue setting up")[0]


def make_study(admin: Visitor) -> Page:
    accounts = admin.get("/")
    assert "/site/studies/" in accounts.links
    page = admin.get("/site/studies/new/")
    return admin.submit(
        page,
        page.form_with("slug"),
        title="Quiet nights",
        slug="Quiet-Nights",
        summary="How replies feel to people who sleep badly.",
        organisation="Made-up Sleep Group",
        contact="questions@example.org",
        email="cora@example.org",
    )


def plan_care(lead: Visitor) -> None:
    page = lead.get(f"{AT}/rota/")
    page = lead.submit(page, page.form_with(to="/rota/"), do="add")
    page = lead.submit(page, page.form_with("escalation"), escalation="Listen, then call.")
    assert "in charge now" in page.words


def keep_helplines(lead: Visitor) -> None:
    page = lead.get(f"{AT}/helplines/")
    page = lead.submit(page, page.form_with("country_code"), country_code="GB")
    page = lead.submit(page, page.form_with(to="/copy/"))
    assert "not verified, so not shown" in page.words
    for form in [form for form in page.forms if form.action.endswith("/verified/")]:
        page = lead.submit(page, form)
    assert "not verified, so not shown" not in page.words


def write_consent(coordinator: Visitor) -> None:
    page = coordinator.get(f"{AT}/consent/write/?example=1")
    form = page.form_with("key_information")
    assert "Made-up Sleep Group" in str(form.values)
    look = coordinator.submit(page, form, look="1")
    assert "Before you can publish it" in look.words
    assert not [form for form in look.forms if "shown_hash" in form.fields]
    page = coordinator.get(f"{AT}/consent/write/")
    form = page.form_with("key_information")
    own: dict[str, Any] = {
        name: value.replace("[[", "").replace("]]", "")
        for name, value in form.values.items()
        if isinstance(value, str)
    }
    page = coordinator.submit(page, form, **(own | {"offer_commercial": None, "look": "1"}))
    assert "Reading level: grade" in page.words
    done = coordinator.submit(page, page.form_with("shown_hash"))
    assert "Version 1 is published." in done.words
    choices = ConsentVersion.objects.get().content["choices"]
    assert len(choices) == 9
    assert "commercial" not in [choice["purpose"] for choice in choices]


def write_questions(coordinator: Visitor) -> None:
    page = coordinator.get(f"{AT}/questions/new/?example=lived_experience")
    form = page.form_with("questions-0-title")
    changes: dict[str, Any] = {"questions-0-title": "Understood", "more": "1"}
    more = coordinator.submit(page, form, **changes)
    form = more.form_with("questions-0-title")
    assert form.values["questions-0-title"] == "Understood"
    page = coordinator.submit(more, form)
    assert "version 1" in page.words
    assert "Understood" in page.words


def bring_prompts(coordinator: Visitor) -> None:
    page = coordinator.get(f"{AT}/imports/")
    token = page.form_with("csrfmiddlewaretoken", "file").values["csrfmiddlewaretoken"]
    coordinator.client.post(
        f"{AT}/imports/",
        data={"csrfmiddlewaretoken": token},
        files={"file": ("prompts.jsonl", ROWS.encode())},
        headers={"Referer": page.url},
    )
    upload = Upload.objects.get()
    run(KIND, upload.id)
    page = coordinator.get(f"{AT}/imports/{upload.id}/")
    coordinator.submit(page, page.form_with(to="confirm"))
    run(KIND, upload.id)


def plan_and_open_a_round(coordinator: Visitor) -> None:
    page = coordinator.get(f"{AT}/rounds/new/")
    chosen: dict[str, Any] = {
        "title": "First round",
        "categories": ["education", "assessment", "intervention"],
        "lived-experience-takes_part": "on",
        "lived-experience-asks": ["rating", "ranking"],
        "lived-experience-overlap": "1",
    }
    page = coordinator.submit(page, page.form_with("which"), **chosen)
    run(JOB, Round.objects.get().id)
    coordinator.submit(page, page.form_with(to="open"))


def test_from_a_new_study_to_the_first_text(visit: Any) -> None:
    coordinator = visit("cora")
    assert "not in a study yet" in coordinator.get("/").words
    admin = visit("ada", is_site_admin=True)
    listed = make_study(admin)
    assert listed.url.endswith("/site/studies/")
    assert "cora@example.org" in listed.words
    admin.get(f"{AT}/set-up/", status=404)

    assert "Add a cohort." in next_step(coordinator)
    refused = coordinator.get(f"{AT}/set-up/open/")
    assert refused.url.endswith("/set-up/")
    page = coordinator.get(f"{AT}/set-up/cohorts/")
    coordinator.submit(page, page.form_with("title"), title="Lived experience", role="panelist")
    assert "Name a safety lead" in next_step(coordinator)
    lead = visit("sami")
    invite(coordinator, "sami@example.org", "role:safety_lead")
    assert "Name a safety lead" in next_step(coordinator)
    join(lead)
    assert "put themselves into the rota" in next_step(coordinator)
    plan_care(lead)
    assert "Name the countries in which you recruit." in next_step(coordinator)
    keep_helplines(lead)
    assert "Write and publish the text" in next_step(coordinator)
    write_consent(coordinator)
    assert "Write the questions" in next_step(coordinator)
    write_questions(coordinator)
    assert "Set what “Lived experience” is paid" in next_step(coordinator)
    page = coordinator.get(f"{AT}/pay/rates/")
    coordinator.submit(page, page.form_with("amount"), amount="0.80", minutes="3")
    assert "Import at least one prompt" in next_step(coordinator)
    bring_prompts(coordinator)
    assert "Plan a round for “Lived experience”" in next_step(coordinator)
    plan_and_open_a_round(coordinator)

    panelist = visit("paula")
    invite(coordinator, "paula@example.org", "cohort:lived-experience")
    join(panelist)
    sign(panelist)
    assert "Start" not in panelist.get(f"{AT}/").words
    page = coordinator.get(f"{AT}/set-up/open/")
    page = coordinator.submit(page, page.form_with(to="/set-up/open/"))
    assert "The study is open." in page.words
    assert Study.objects.get().state == StudyState.OPEN
    assert f"{AT}/judge/" in panelist.get(f"{AT}/").links
    assert "Understood" in panelist.get(f"{AT}/judge/").words
    assert Assignment.objects.get().member == Member.objects.get(user__email="paula@example.org")


def invite(coordinator: Visitor, email: str, place: str) -> None:
    page = coordinator.get(f"{AT}/people/")
    coordinator.submit(page, page.form_with("email", "place"), email=email, place=place)


def join(invited: Visitor) -> None:
    page = invited.get("/")
    assert page.url.endswith("/invitations/")
    invited.submit(page, page.form_with("invitation"), answer="join")


def sign(panelist: Visitor) -> None:
    page = panelist.get(f"{AT}/consent/")
    assert "£0.80" in page.words
    done = panelist.submit(
        page, page.form_with("typed_name"), choice_take_part="on", typed_name="Paula Made-up"
    )
    assert "Thank you." in done.words
