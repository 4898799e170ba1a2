"""What a study needs before it opens: by truth table, in the service and on the page."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import Prompt, Rubric
from annotations.services import rounds, rubrics
from codesign.audit.models import Event
from codesign.consent.services import publish_version, save_draft
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, NotFound, NotPermitted
from codesign.studies import queries, services
from codesign.studies.models import Study
from codesign.studies.registry import PUBLISH_CHECKS
from codesign.studies.rules import JUDGING, Role, StudyState
from tests.counting import queries_of
from tests.factories.annotations import PromptFactory, make_rubric
from tests.factories.compensation import set_rate
from tests.factories.consent import consent_text
from tests.factories.ready import PIECES, cohort_of, draft_study, plan, ready_study
from tests.factories.studies import CohortFactory, MemberFactory, StudyFactory, staff

pytestmark = pytest.mark.django_db


def says(study: Study) -> list[str]:
    return [gap.says for gap in queries.gaps_of(study)]


def change(actor: Actor, study: Study) -> Study:
    return services.change_state(actor=actor, study=study, state=StudyState.OPEN)


def opened(study: Study) -> Study:
    return change(SYSTEM, study)


def without(piece: str) -> Study:
    """A study that has every piece but one; what another piece needs comes along with that."""
    study = draft_study()
    if piece != "cohorts":
        for name, fill in PIECES.items():
            if name != piece and not (piece == "pay" and name == "rounds"):
                fill(study)
        if piece == "pay":
            plan(study, opened=False)
    return study


MISSING = [
    ("cohorts", "Say who judges."),
    ("consent", "Write and publish the text that people sign."),
    ("pay", "Set what “Panel” is paid for one text."),
    ("prompts", "Import prompts; at least one to be judged."),
    ("rounds", "Plan a round in which “Panel” is asked something."),
]


@pytest.mark.parametrize(("piece", "said"), MISSING, ids=[piece for piece, _ in MISSING])
def test_a_study_without_a_piece_says_so_and_does_not_open(piece: str, said: str) -> None:
    study = without(piece)
    assert said in says(study)
    with pytest.raises(Conflict, match="cannot open yet") as refused:
        opened(study)
    assert said in refused.value.title
    study.refresh_from_db()
    assert study.state == StudyState.DRAFT
    assert not Event.objects.filter(action="studies.state_changed").exists()


def test_with_every_piece_it_opens_and_goes_on_after_a_pause() -> None:
    study = ready_study()
    assert says(study) == []
    assert opened(study).state == StudyState.OPEN
    Prompt.objects.update(held_out=True)
    services.change_state(actor=SYSTEM, study=study, state=StudyState.PAUSED)
    assert opened(study).state == StudyState.OPEN


def test_an_empty_study_is_told_of_every_step_in_order() -> None:
    study = StudyFactory.create(state=StudyState.DRAFT, contact=" ", organisation="")
    assert says(study) == [
        "Say in a few sentences what the study is about.",
        "Say who runs the study.",
        "Say which address people with questions write to.",
        "Say who judges.",
        "Write and publish the text that people sign.",
        "Write the questions that people answer about each reply.",
        "Set the pay, once you have said who judges.",
        "Import prompts; at least one to be judged.",
        "Plan the first round, once you have said who judges.",
    ]
    assert set(dict(PUBLISH_CHECKS)) == {"about", *PIECES}


@pytest.mark.parametrize("held_out", [True, False])
def test_a_prompt_kept_for_comparisons_is_none_to_judge(held_out: bool) -> None:
    study = without("prompts")
    PromptFactory.create(study=study, held_out=held_out)
    assert bool(says(study)) is held_out


def test_a_text_in_another_language_is_not_the_studys() -> None:
    study = without("consent")
    content = consent_text() | {"language": "de"}
    publish_version(actor=SYSTEM, study=study, language="de", content=content)
    assert says(study) == ["Write and publish the text that people sign."]


def test_a_draft_is_not_published() -> None:
    study = without("consent")
    save_draft(actor=SYSTEM, study=study, language="en", content=consent_text(), before="")
    assert says(study) == ["Write and publish the text that people sign."]


def test_each_cohort_needs_pay_and_a_round() -> None:
    study = ready_study()
    more = services.make_cohort(actor=SYSTEM, study=study, title="Clinic", role=Role.CLINICIAN)
    assert says(study) == [
        "Set what “Clinic” is paid for one text.",
        "Plan a round in which “Clinic” is asked something.",
    ]
    services.drop_cohort(actor=SYSTEM, study=study, cohort_id=more.id)
    assert says(study) == []


def test_a_round_that_is_planned_has_to_be_opened_and_a_closed_one_does_not_count() -> None:
    study = without("rounds")
    made = plan(study, opened=False)
    assert says(study) == ["Open the round “First round”; it waits for the study then."]
    rounds.open_round(actor=SYSTEM, round=made)
    assert says(study) == []
    rounds.close_round(actor=SYSTEM, round=made)
    assert says(study) == ["Plan a round in which “Panel” is asked something."]


def rubric_without_words(study: Study, anchors: dict[str, str]) -> Rubric:
    scale = {"kind": "likert", "min": 1, "max": 5, "anchors": anchors}
    criteria = [{"key": "kind", "title": "Kind", "help": "Was it kind?", "scale": scale}]
    return rubrics.make_rubric(
        actor=SYSTEM, study=study, key="bare", title="Bare", language="en", criteria=criteria
    )


@pytest.mark.parametrize(
    ("anchors", "whole"),
    [
        ({}, False),
        ({"1": "no", "2": "hardly", "3": "partly", "4": "mostly"}, False),
        ({"1": "no", "2": "hardly", "3": " ", "4": "mostly", "5": "yes"}, False),
        ({"1": "no", "2": "hardly", "3": "partly", "4": "mostly", "5": "yes"}, True),
    ],
)
def test_every_score_needs_words(anchors: dict[str, str], whole: bool) -> None:
    study = draft_study()
    for piece in ("cohorts", "consent", "pay", "prompts"):
        PIECES[piece](study)
    bare = rubric_without_words(study, anchors)
    gap = "Say what each score of “Kind” means."
    assert (gap in says(study)) is not whole
    made = plan(study)
    assert gap not in says(study)  # there are others by now
    assert says(study) == []
    second = rounds.make_round(
        actor=SYSTEM,
        study=study,
        kind=made.kind,  # type: ignore[arg-type]
        title="Second",
        cohorts=[rounds.CohortPlan(cohort_of(study), bare, ["rating"], 1)],
    )
    rounds.open_round(actor=SYSTEM, round=second)
    told = "“Second” asks by questions without words for their scores. Plan another."
    assert says(study) == ([] if whole else [told])


@pytest.mark.parametrize("role", sorted(Role))
def test_who_may_open(role: Role) -> None:
    study = ready_study()
    if role in JUDGING:
        member = MemberFactory.create(cohort=CohortFactory.create(study=study, role=role))
    else:
        member = staff(study, role)
    actor = Actor.of(member.user)
    if role == Role.COORDINATOR:
        assert change(actor, study).state == StudyState.OPEN
    else:
        with pytest.raises(NotPermitted):
            change(actor, study)


def test_nobody_opens_a_study_of_others() -> None:
    study = ready_study()
    outside = staff(StudyFactory.create()).user_id
    for actor in (Actor(outside), Actor(outside, is_site_admin=True)):
        with pytest.raises(NotFound):
            change(actor, study)


def test_the_page_lists_what_is_missing_with_links_and_refuses_with_them(client: Client) -> None:
    study = without("pay")
    client.force_login(staff(study).user)
    at = {"slug": study.slug}
    page = client.get(reverse("desk:set-up", kwargs=at)).content.decode()
    assert "5 of 7" in page
    assert reverse("desk:open", kwargs=at) not in page
    assert page.count("btn-primary") == 1
    open_at = reverse("desk:open", kwargs=at)
    assert client.get(open_at).headers["Location"] == reverse("desk:set-up", kwargs=at)
    refused = client.post(open_at)
    assert refused.status_code == 409
    said = refused.content.decode().partition("It cannot open yet:")[2]
    rates = reverse("compensation:rates", kwargs=at)
    assert f'<a href="{rates}">Set what “Panel” is paid for one text.</a>' in said

    set_rate(cohort_of(study))
    assert "Open the round" in client.post(open_at).content.decode()
    rounds.open_round(actor=SYSTEM, round=study.rounds.get())
    page = client.get(reverse("desk:set-up", kwargs=at)).content.decode()
    assert "7 of 7" in page
    assert open_at in page
    assert client.post(open_at).status_code == 302
    study.refresh_from_db()
    assert study.state == StudyState.OPEN
    assert client.post(open_at).status_code == 302  # pressed twice
    page = client.get(reverse("desk:set-up", kwargs=at)).content.decode()
    assert open_at not in page


def test_the_page_makes_constant_queries(client: Client) -> None:
    study = ready_study()
    client.force_login(staff(study).user)
    address = reverse("desk:set-up", kwargs={"slug": study.slug})
    few = queries_of(client, address)
    for number in range(4):
        title = f"More {number}"
        set_rate(services.make_cohort(actor=SYSTEM, study=study, title=title, role=Role.PANELIST))
        make_rubric(study)
        PromptFactory.create(study=study)
        rounds.open_round(actor=SYSTEM, round=plan(study, opened=False))
    assert queries_of(client, address) == few


def test_only_a_site_admin_makes_studies() -> None:
    member = staff(StudyFactory.create())
    fields = {"slug": "s", "title": "S", "contact": "s@example.org"}
    with pytest.raises(NotPermitted):
        services.make_study(actor=Actor.of(member.user), **fields)
    made = services.make_study(actor=Actor(member.user_id, is_site_admin=True), **fields)
    assert made.state == StudyState.DRAFT
