"""The preview of an import: what was recognised, the form of columns, and the home card."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from codesign.shared.actors import Actor
from codesign.studies.models import Study
from codesign.studies.rules import Role
from modelhub.queries.uploads import KIND
from modelhub.rules.row_reading import rows_of
from modelhub.services.imports import import_rows
from tests.browser.conftest import OpenPage
from tests.browser.looking import check_page
from tests.factories.modelhub import open_round
from tests.factories.studies import CohortFactory, staff
from tests.support import jobs
from tests.support.uploads import Desk, lines

pytestmark = pytest.mark.slow
STRANGE = b"nr,what they wrote,what we said,note\n5,I feel low.,Since when?,x\n"
TALK = [
    {"from": "system", "value": "Be kind."},
    {"from": "human", "value": "I cannot sleep. My nights are long, and my days are short."},
    {"from": "gpt", "value": "<p>That sounds&nbsp;hard.</p><ul><li>Since when?</li></ul>"},
]


@pytest.fixture
def study(transactional_db: None) -> Study:
    study: Study = CohortFactory.create(study__title="Talking about hard days").study
    open_round(study.cohorts.get())
    return study


def test_a_recognised_file_and_its_choices(open_page: OpenPage, study: Study) -> None:
    desk = Desk(study)
    rows = [{"id": f"s{n}", "conversations": TALK, "note": n} for n in range(4)]
    broken = {"id": "b", "conversations": [{"from": "gpt", "value": "Hello?"}]}
    upload = desk.checked(lines(*rows, broken), "talks.jsonl")
    page = open_page(desk.at("upload", upload), user=desk.member.user)
    expect(page.get_by_text("ShareGPT: 4 conversations")).to_be_visible()
    expect(page.get_by_text("Line 5: the conversation has no turn of a person.")).to_be_visible()
    check_page(page, "import-recognised")
    page.get_by_text("Change columns and choices").click()
    check_page(page, "import-choices")
    page.get_by_label("System turns (4)").select_option("refuse the row")
    page.get_by_role("button", name="Check the file again").click()
    page.wait_for_url("**/imports/*/")
    jobs.run(KIND, upload.id)
    page.reload()
    expect(page.get_by_text("which this import refuses").first).to_be_visible()


def test_columns_are_chosen_where_none_is_known(open_page: OpenPage, study: Study) -> None:
    desk = Desk(study)
    upload = desk.checked(STRANGE, "strange.csv")
    page = open_page(desk.at("upload", upload), user=desk.member.user)
    check_page(page, "import-unknown-columns")
    page.get_by_label("Prompt", exact=True).select_option("what they wrote")
    page.get_by_label("Responses", exact=True).select_option("what we said")
    page.get_by_role("button", name="Check the file again").click()
    page.wait_for_url("**/imports/*/")
    jobs.run(KIND, upload.id)
    page.reload()
    expect(page.get_by_role("button", name="Import all rows")).to_be_visible()
    expect(page.get_by_text("Since when?")).to_be_visible()
    check_page(page, "import-mapped")


def test_a_coordinator_sees_what_waits_and_what_it_costs(open_page: OpenPage, study: Study) -> None:
    rows = [{"prompt": f"Worry {n}.", "responses": ["Since when?", "So?"]} for n in range(3)]
    engineer = Actor.of(staff(study, Role.ML_ENGINEER).user)
    import_rows(actor=engineer, study=study, rows=rows_of(rows))
    page = open_page(f"/studies/{study.slug}/", user=staff(study, Role.COORDINATOR).user)
    check_page(page, "home-imported-prompts")
    page.locator("a[href$='/prompts/waiting/']").click()
    expect(page.get_by_text("3 prompts with responses were imported")).to_be_visible()
    check_page(page, "waiting-prompts")
    page.get_by_role("button", name="Add them to the round").click()
    expect(page.get_by_text("The prompts are being added to the round.")).to_be_visible()
