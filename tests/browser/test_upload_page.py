"""Pages to import a file of prompts (standards 5.1)."""

from __future__ import annotations

import json

import pytest

from codesign.studies.rules import Role
from modelhub.models import Upload
from modelhub.queries.uploads import KIND
from tests.browser.conftest import OpenPage
from tests.browser.looking import check_page
from tests.factories.studies import StudyFactory, staff
from tests.support import jobs

ROWS = [
    {"prompt": "I can't sleep.", "responses": ["Tell me more.", "That sounds hard."]},
    {"prompt": "كيف أنام؟", "language": "ar", "responses": ["خذ وقتك."]},
    {"prompt": ""},
    {"prompt": "A" + "o" * 300 + "h."},
    {"prompt": "I lie awake at night since my father died in spring.", "held_out": True},
    {"prompt": "I lie awake at night since my mother died in spring."},
]


@pytest.mark.slow
def test_a_file_is_uploaded_checked_and_imported(
    open_page: OpenPage, transactional_db: None
) -> None:
    study = StudyFactory.create()
    page = open_page(f"/studies/{study.slug}/imports/", user=staff(study, Role.COORDINATOR).user)
    check_page(page, name="imports-none")
    page.get_by_role("button", name="Check the file").click()
    page.get_by_text("Please choose a file.").first.wait_for()
    check_page(page, name="imports-no-file")
    content = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    page.get_by_label("File").set_input_files(
        {"name": "prompts.jsonl", "mimeType": "application/x-ndjson", "buffer": content}
    )
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("heading", name="Progress").wait_for()
    check_page(page, name="import-being-looked-through")
    upload = Upload.objects.get()
    jobs.run(KIND, upload.id)
    page.get_by_text("Line 3: the prompt is empty.").wait_for()  # the page found out by itself
    page.get_by_role("heading", name="Split groups").wait_for()
    check_page(page, name="import-looked-through")
    page.get_by_role("button", name="Import the valid rows").click()
    page.get_by_role("heading", name="Progress").wait_for()
    jobs.run(KIND, upload.id)
    page.get_by_role("heading", name="Result of the import").wait_for()
    check_page(page, name="import-done")
    page.goto(page.url.replace(f"imports/{upload.id}/", "prompts/groups/"))
    page.get_by_role("heading", name="Split groups").wait_for()
    check_page(page, name="prompt-groups")
    page.go_back()
    page.get_by_role("link", name="All imports").click()
    page.get_by_role("link", name="prompts.jsonl").wait_for()
    check_page(page, name="imports")
