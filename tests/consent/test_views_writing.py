"""Writing a consent text on pages, and what may be published at all (standards 2.1, 2.5, 2.7)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from codesign.consent import queries, rules, services
from codesign.consent.models import ConsentDraft, ConsentVersion
from codesign.consent.queries import ConsentState
from codesign.shared.actors import SYSTEM
from codesign.shared.errors import Conflict, Invalid
from codesign.studies.models import Study
from codesign.studies.rules import StudyState
from tests.factories.consent import consent_text, publish, sign
from tests.factories.studies import MemberFactory, StudyFactory, staff
from tests.support.consent_texts import written

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(client: Client) -> Study:
    made = StudyFactory.create(state=StudyState.DRAFT)
    client.force_login(staff(made).user)
    return made


def at(name: str, study: Study) -> str:
    return reverse(f"consent:{name}", kwargs={"slug": study.slug})


def test_a_text_is_kept_as_a_draft_and_published_as_it_was_shown(
    client: Client, study: Study
) -> None:
    assert client.post(at("write", study), written()).headers["Location"] == at("write", study)
    draft = ConsentDraft.objects.get()
    assert draft.content == {
        "title": "What you say yes to",
        "language": "en",
        "key_information": ["First.", "Second, on two lines."],
        "sections": [{"heading": "What you do", "paragraphs": ["You read.", "You judge."]}],
        "choices": [
            {
                "purpose": purpose,
                "title": f"Yes to {purpose}",
                "help": "What it means.",
                "required": purpose == "take_part",
            }
            for purpose in ("take_part", "training")
        ],
    }
    assert queries.current_version(study_id=study.id, language="en") is None
    page = client.get(at("preview", study)).content.decode()
    assert "Second, on two lines." in page
    assert f'value="{draft.content_hash}"' in page
    assert 'type="checkbox"' not in page
    stale = client.post(at("preview", study), {"shown_hash": "0" * 64})
    assert stale.headers["Location"] == at("preview", study)
    assert not ConsentVersion.objects.exists()
    assert client.post(at("preview", study), {"shown_hash": draft.content_hash}).status_code == 302
    version = ConsentVersion.objects.get()
    assert (version.content, version.content_hash) == (draft.content, draft.content_hash)
    assert (version.number, version.material) == (1, True)
    assert not ConsentDraft.objects.exists()
    assert client.get(at("preview", study)).headers["Location"] == at("write", study)


@pytest.mark.parametrize("material", [True, False])
def test_the_next_version_begins_from_the_last_and_asks_again_or_does_not(  # standards 2.7
    material: bool, client: Client, study: Study
) -> None:
    publish(study)
    member = MemberFactory.create(cohort__study=study)
    sign(member)
    page = client.get(at("write", study)).content.decode()
    assert "This is version 1" in page
    assert "You read and judge." in page
    client.post(at("write", study), written(title="Another title"))
    page = client.get(at("preview", study)).content.decode()
    assert "1 person has a valid signature" in page
    draft = ConsentDraft.objects.get()
    sent = {"shown_hash": draft.content_hash, "material": "yes" if material else "no"}
    client.post(at("preview", study), sent)
    assert ConsentVersion.objects.count() == 2
    state = queries.state_of(member_id=member.id)
    assert state == (ConsentState.TO_SIGN_AGAIN if material else ConsentState.SIGNED)


def test_concurrent_edits_are_not_lost(client: Client, study: Study) -> None:
    client.post(at("write", study), written(title="Mine"))
    theirs = client.post(at("write", study), written(title="Theirs"))
    assert theirs.status_code == 400
    page = theirs.content.decode()
    assert "Somebody else has saved this text in the meantime." in page
    assert "Theirs" in page
    draft = ConsentDraft.objects.get()
    assert draft.content["title"] == "Mine"
    assert draft.content_hash in page
    again = client.post(at("write", study), written(title="Theirs", before=draft.content_hash))
    assert again.status_code == 302
    assert ConsentDraft.objects.get().content["title"] == "Theirs"


def test_the_example_has_gaps_that_cannot_be_published(client: Client, study: Study) -> None:
    page = client.get(at("write", study)).content.decode()
    assert "Start from the example" in page
    page = client.get(f"{at('write', study)}?example=1").content.decode()
    assert study.organisation in page
    assert "[[Name the authority.]]" in page
    assert not ConsentDraft.objects.exists()
    example = queries.example_for(study=study)
    services.save_draft(actor=SYSTEM, study=study, language="en", content=example, before="")
    page = client.get(at("preview", study)).content.decode()
    assert "Replace “Name the authority” with your own words." in page
    assert "Publish this text" not in page
    draft = ConsentDraft.objects.get()
    client.post(at("preview", study), {"shown_hash": draft.content_hash})
    assert not ConsentVersion.objects.exists()


def test_adding_a_section_keeps_the_text(client: Client, study: Study) -> None:
    answer = client.post(at("write", study), written(more="1"))
    assert answer.headers["Location"] == f"{at('write', study)}#parts"
    page = client.get(at("write", study)).content.decode()
    assert 'name="parts-TOTAL_FORMS" value="2"' in page
    assert "You judge." in page


def changed(**changes: Any) -> dict[str, Any]:
    return consent_text() | changes


TAKE_PART = consent_text()["choices"][0]
PROBLEMS = [
    (changed(), []),
    (changed(title=" "), ["The text needs a title."]),
    (changed(key_information=[]), ["Add the key information."]),
    (changed(sections=[]), ["The text needs at least one section with a heading."]),
    (
        changed(sections=[{"heading": "", "paragraphs": ["x"]}]),
        ["Section 1 needs a heading and some text."],
    ),
    (
        changed(sections=[{"heading": "x", "paragraphs": [" "]}]),
        ["Section 1 needs a heading and some text."],
    ),
    (changed(choices=[]), ["One of the choices must be to take part."]),
    (
        changed(choices=[TAKE_PART, TAKE_PART]),
        ["Each choice must be for one known purpose, and each purpose only once."],
    ),
    (
        changed(choices=[TAKE_PART, {**TAKE_PART, "purpose": "spam", "required": False}]),
        ["Each choice must be for one known purpose, and each purpose only once."],
    ),
    (
        changed(choices=[{**TAKE_PART, "help": ""}]),
        ["Each choice needs a title and an explanation."],
    ),
    (
        changed(choices=[TAKE_PART, {**TAKE_PART, "purpose": "training"}]),
        ["Only taking part can be a required choice."],
    ),
    (
        changed(title="[[a]] and [[b.]] and [[a]]"),
        ["Replace “a” with your own words.", "Replace “b” with your own words."],
    ),
    (changed(title="A list[0] and [[]]"), []),
]


@pytest.mark.parametrize(("content", "problems"), PROBLEMS)
def test_a_text_that_lacks_something_cannot_be_published(
    content: dict[str, Any], problems: list[str]
) -> None:
    study = StudyFactory.create()
    assert rules.content_problems(content) == problems
    if not problems:
        services.publish_version(actor=SYSTEM, study=study, language="en", content=content)
        return
    with pytest.raises(Invalid) as refused:
        services.publish_version(actor=SYSTEM, study=study, language="en", content=content)
    assert refused.value.fields == {"content": problems}
    assert not ConsentVersion.objects.exists()


def test_reading_level_is_shown_and_hard_texts_warn(  # standards 2.14
    client: Client, study: Study
) -> None:
    client.post(at("write", study), written())
    assert "Most people can read this easily." in client.get(at("preview", study)).content.decode()
    hard = "Notwithstanding institutional considerations, participation necessitates deliberation. "
    client.post(
        at("write", study),
        written(
            before=ConsentDraft.objects.get().content_hash,
            key_information=hard * 20,
        ),
    )
    assert "Use shorter sentences" in client.get(at("preview", study)).content.decode()
    assert rules.reading_grade([]) == 0


def test_only_the_shown_draft_is_published_and_only_once() -> None:
    study = StudyFactory.create()
    content = consent_text()
    draft = services.save_draft(
        actor=SYSTEM, study=study, language="en", content=content, before=""
    )
    publish_it: dict[str, Any] = {
        "actor": SYSTEM,
        "study": study,
        "language": "en",
        "material": True,
    }
    with pytest.raises(Conflict, match="changed since you opened it"):
        services.publish_draft(**publish_it, shown_hash="0" * 64)
    made = services.publish_draft(**publish_it, shown_hash=draft.content_hash)
    assert services.publish_draft(**publish_it, shown_hash=made.content_hash) == made
    assert ConsentVersion.objects.count() == 1
    with pytest.raises(Conflict, match="changed since you opened it"):
        services.publish_draft(**publish_it, shown_hash="0" * 64)
