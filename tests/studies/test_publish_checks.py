"""What a study needs before it opens: by truth table, in the service and on the page."""

from __future__ import annotations

from functools import partial

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotations.models import Prompt, Rubric
from annotations.services import rounds, rubrics
from codesign.accounts.services import make_account, set_active
from codesign.audit.models import Event
from codesign.care.services import rota
from codesign.compensation.models import PayRate
from codesign.consent.services import publish_version, save_draft
from codesign.enrolment.services import invite
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, NotFound, NotPermitted
from codesign.studies import queries, services
from codesign.studies.models import Cohort, Member, Study
from codesign.studies.registry import PUBLISH_CHECKS
from codesign.studies.rules import JUDGING, Role, StudyState
from tests.factories.annotations import PromptFactory, make_rubric
from tests.factories.compensation import set_rate
from tests.factories.consent import consent_text
from tests.factories.ready import PIECES, care_plan, cohort_of, draft_study, plan, ready_study
from tests.factories.studies import CohortFactory, MemberFactory, StudyFactory, staff
from tests.support.counting import queries_of
from tests.support.together import at_once, kinds

pytestmark = pytest.mark.django_db


def says(study: Study) -> list[str]:
    return [gap.says for gap in queries.gaps_of(study)]


def change(actor: Actor, study: Study) -> Study:
    return services.change_state(actor=actor, study=study, state=StudyState.OPEN)


def opened(study: Study) -> Study:
    return change(SYSTEM, study)


def without(piece: str) -> Study:
    """Return a study without one piece and without the pieces that depend on it."""
    study = draft_study()
    if piece != "cohorts":
        for name, fill in PIECES.items():
            if name != piece and not (piece == "pay" and name == "rounds"):
                fill(study)
        if piece == "pay":
            plan(study, opened=False)
    return study


NO_COORDINATOR = "Name a coordinator, who runs the study."
NO_LEAD = "Name a safety lead, who acts when a person in the study is in distress."
NO_ROTA = "A safety lead has to put themselves into the rota."
NO_PLAN = "A safety lead has to write what is done when somebody is in distress."
MISSING = [
    ("cohorts", "Add a cohort."),
    ("staff", NO_LEAD),
    ("care", NO_ROTA),
    ("care", NO_PLAN),
    ("helplines", "Name the countries in which you recruit."),
    ("consent", "Write and publish the text that people sign."),
    ("pay", "Set what “Panel” is paid for one text."),
    ("prompts", "Import at least one prompt that is not held out."),
    ("rounds", "Plan a round for “Panel”."),
]


@pytest.mark.parametrize(("piece", "said"), MISSING, ids=[piece for piece, _ in MISSING])
def test_incomplete_study_does_not_open(piece: str, said: str) -> None:
    study = without(piece)
    assert said in says(study)
    with pytest.raises(Conflict, match="cannot open yet") as refused:
        opened(study)
    assert said in refused.value.title
    study.refresh_from_db()
    assert study.state == StudyState.DRAFT
    assert not Event.objects.filter(action="studies.state_changed").exists()


def test_complete_study_opens_and_reopens_after_a_pause() -> None:
    study = ready_study()
    assert says(study) == []
    assert opened(study).state == StudyState.OPEN
    Prompt.objects.update(held_out=True)
    services.change_state(actor=SYSTEM, study=study, state=StudyState.PAUSED)
    assert opened(study).state == StudyState.OPEN


def test_empty_study_lists_every_step_in_order() -> None:
    study = StudyFactory.create(state=StudyState.DRAFT, contact=" ", organisation="")
    assert says(study) == [
        "Describe the study in a few sentences.",
        "Name the organisation that runs the study.",
        "Add a contact address for questions.",
        "Add a cohort.",
        NO_COORDINATOR,
        NO_LEAD,
        NO_ROTA,
        NO_PLAN,
        "Name the countries in which you recruit.",
        "Write and publish the text that people sign.",
        "Write the questions that people answer about each reply.",
        "Add a cohort first, then set its pay.",
        "Import at least one prompt that is not held out.",
        "Plan the first round after you have added the cohorts that judge.",
    ]
    assert set(dict(PUBLISH_CHECKS)) == {"about", *PIECES}


def person_in_charge(study: Study, role: Role) -> Member:
    [member] = queries.in_charge(study_id=study.id, role=role)
    return member


@pytest.mark.parametrize(
    ("role", "said"), [("coordinator", [NO_COORDINATOR]), ("safety_lead", [NO_LEAD, NO_ROTA])]
)
def test_removed_or_deactivated_people_are_not_in_charge(role: Role, said: list[str]) -> None:
    study = ready_study()
    person = person_in_charge(study, role)
    set_active(actor=SYSTEM, user=person.user, active=False)
    assert says(study) == said
    set_active(actor=SYSTEM, user=person.user, active=True)
    assert says(study) == []
    services.remove_member(actor=SYSTEM, member=person)
    assert says(study) == said
    with pytest.raises(Conflict, match="cannot open yet"):
        opened(study)


def test_an_invited_safety_lead_counts_once_they_have_joined() -> None:
    study = without("staff")
    staff(study)
    invite(actor=SYSTEM, study=study, email="lead@example.org", roles=[Role.SAFETY_LEAD])
    rota.write_escalation(actor=SYSTEM, study=study, text="Listen, then call the clinic.")
    assert says(study) == [NO_LEAD, NO_ROTA]
    make_account(actor=SYSTEM, email="lead@example.org", password=None)
    assert says(study) == [NO_ROTA]
    care_plan(study)
    assert says(study) == []


def test_a_paused_study_opens_again_only_with_people_in_charge_and_pay() -> None:
    study = ready_study()
    lead = person_in_charge(opened(study), Role.SAFETY_LEAD)
    services.change_state(actor=SYSTEM, study=study, state=StudyState.PAUSED)
    services.remove_member(actor=SYSTEM, member=lead)
    services.make_cohort(actor=SYSTEM, study=study, title="Clinic", role=Role.CLINICIAN)
    with pytest.raises(Conflict) as refused:
        opened(study)
    assert refused.value.extra["missing"] == [
        NO_LEAD,
        NO_ROTA,
        "Set what “Clinic” is paid for one text.",
    ]
    study.refresh_from_db()
    assert study.state == StudyState.PAUSED
    staff(study, Role.SAFETY_LEAD)
    care_plan(study)
    set_rate(Cohort.objects.get(study=study, title="Clinic"))
    assert opened(study).state == StudyState.OPEN


def test_the_last_safety_lead_of_an_open_study_stays(client: Client) -> None:
    study = opened(ready_study())
    first = person_in_charge(study, Role.SAFETY_LEAD)
    client.force_login(person_in_charge(study, Role.COORDINATOR).user)
    keys = {"slug": study.slug, "member_id": first.id}
    refused = client.post(reverse("enrolment:remove", kwargs=keys))
    assert refused.status_code == 409
    assert "This is the only safety lead of an open study." in refused.content.decode()
    second = staff(study, Role.SAFETY_LEAD)
    set_active(actor=SYSTEM, user=second.user, active=False)  # cannot act for anybody
    assert client.post(reverse("enrolment:remove", kwargs=keys)).status_code == 409
    set_active(actor=SYSTEM, user=second.user, active=True)
    assert client.post(reverse("enrolment:remove", kwargs=keys)).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_concurrent_removals_keep_one_safety_lead() -> None:
    study = opened(ready_study())
    leads = [person_in_charge(study, Role.SAFETY_LEAD), staff(study, Role.SAFETY_LEAD)]
    take = [partial(services.remove_member, actor=SYSTEM, member=lead) for lead in leads]
    assert kinds(at_once(*take)) == ["Conflict", "Member"]


def test_coordinator_is_warned_of_an_open_study_without_a_safety_lead(
    client: Client,
) -> None:
    study = opened(ready_study())
    client.force_login(person_in_charge(study, Role.COORDINATOR).user)
    home = reverse("desk:study", kwargs={"slug": study.slug})
    warning = "This study is open but has no safety lead"
    assert warning not in client.get(home).content.decode()
    lead = person_in_charge(study, Role.SAFETY_LEAD)
    set_active(actor=SYSTEM, user=lead.user, active=False)  # by a site admin
    page = client.get(home)
    assert page.context["home"].next.says.startswith(warning)
    set_up = client.get(reverse("desk:set-up", kwargs={"slug": study.slug})).content.decode()
    assert NO_LEAD in set_up


def test_pay_of_nothing_from_an_earlier_version_opens_no_study() -> None:
    study = ready_study()
    cohort = cohort_of(study)
    PayRate.objects.create(
        study=study,
        cohort=cohort,
        amount_minor=0,
        currency="GBP",
        estimated_seconds=180,
        effective_from=timezone.now(),
    )
    assert says(study) == ["Set what “Panel” is paid for one text."]
    rounds.close_round(actor=SYSTEM, round=study.rounds.get())
    with pytest.raises(Conflict, match="Panel has no pay rate"):
        rounds.open_round(actor=SYSTEM, round=study.rounds.get())


def test_low_pay_warns_but_does_not_keep_a_study_from_opening(client: Client) -> None:
    study = ready_study()
    set_rate(cohort_of(study), 60, seconds=300)
    client.force_login(person_in_charge(study, Role.COORDINATOR).user)
    page = client.get(reverse("desk:set-up", kwargs={"slug": study.slug})).content.decode()
    said = "Panel: £7.20 an hour is low. Recommended for one hour: Prolific £9.00"
    assert said in page
    assert "10 of 10" in page
    assert opened(study).state == StudyState.OPEN


@pytest.mark.parametrize("held_out", [True, False])
def test_held_out_prompts_do_not_count_as_prompts_to_judge(held_out: bool) -> None:
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
        "Plan a round for “Clinic”.",
    ]
    services.drop_cohort(actor=SYSTEM, study=study, cohort_id=more.id)
    assert says(study) == []


def test_a_round_that_is_planned_has_to_be_opened_and_a_closed_one_does_not_count() -> None:
    study = without("rounds")
    made = plan(study, opened=False)
    assert says(study) == ["Open the round “First round”. It starts when the study opens."]
    rounds.open_round(actor=SYSTEM, round=made)
    assert says(study) == []
    rounds.close_round(actor=SYSTEM, round=made)
    assert says(study) == ["Plan a round for “Panel”."]


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
    for piece in ("cohorts", "staff", "care", "helplines", "consent", "pay", "prompts"):
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
    told = "“Second” uses questions whose scores have no words. Plan another round."
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
        with pytest.raises(NotPermitted, match="Your role"):
            change(actor, study)


def test_only_its_coordinator_opens_a_study() -> None:
    study = ready_study()
    outside = staff(StudyFactory.create()).user_id
    for actor in (Actor(outside), Actor(outside, is_site_admin=True)):
        with pytest.raises(NotFound, match="not in it"):
            change(actor, study)


def test_the_page_lists_what_is_missing_with_links_and_refuses_with_them(client: Client) -> None:
    study = without("pay")
    client.force_login(staff(study).user)
    at = {"slug": study.slug}
    page = client.get(reverse("desk:set-up", kwargs=at)).content.decode()
    assert "8 of 10" in page
    assert reverse("desk:open", kwargs=at) not in page
    assert page.count("btn-primary") == 1
    open_at = reverse("desk:open", kwargs=at)
    assert client.get(open_at).headers["Location"] == reverse("desk:set-up", kwargs=at)
    refused = client.post(open_at)
    assert refused.status_code == 409
    said = refused.content.decode().partition("This study cannot open yet:")[2]
    rates = reverse("compensation:rates", kwargs=at)
    assert f'<a href="{rates}">Set what “Panel” is paid for one text.</a>' in said

    set_rate(cohort_of(study))
    assert "Open the round" in client.post(open_at).content.decode()
    rounds.open_round(actor=SYSTEM, round=study.rounds.get())
    page = client.get(reverse("desk:set-up", kwargs=at)).content.decode()
    assert "10 of 10" in page
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
    with pytest.raises(NotPermitted, match="Only a site admin"):
        services.make_study(actor=Actor.of(member.user), **fields)
    made = services.make_study(actor=Actor(member.user_id, is_site_admin=True), **fields)
    assert made.state == StudyState.DRAFT
