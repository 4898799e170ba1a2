"""The source of imported ranks, scores and spans is what people say, never the name of a file."""

from __future__ import annotations

import io
import json
import uuid
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from annotations.models import ImportedJudgement
from codesign.studies.models import Study
from modelhub.models import ImportMapping
from modelhub.queries.uploads import KIND
from tests.factories.studies import StudyFactory
from tests.support import jobs
from tests.support.import_doors import Door, post
from tests.support.uploads import Desk, lines

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


def sources(study: Study) -> set[str]:
    stored = ImportedJudgement.objects.filter(study=study)
    return set(stored.values_list("source", flat=True))


RANKED = lines({"prompt": "Why?", "responses": [{"text": "Since when?", "rank": 1}]})


def test_the_name_of_a_file_is_never_the_source_of_its_ranks(study: Study, door: Door) -> None:
    door(study, RANKED, "Ratings by Dr Jane Doe.jsonl")
    assert sources(study) == {"Imported file"}


def test_the_source_of_ranks_is_what_people_say(study: Study, tmp_path: Path) -> None:
    file = tmp_path / "Dr Jane Doe.jsonl"
    file.write_bytes(RANKED)
    call_command(
        "import_prompts", study.slug, str(file), "--source", "Warmth 2", stdout=io.StringIO()
    )
    assert sources(study) == {"Warmth 2"}
    other = StudyFactory.create()
    assert post(other, [json.loads(RANKED)], source="Warmth 3").status_code == 201
    assert sources(other) == {"Warmth 3"}


def test_a_large_file_of_a_program_keeps_its_source(study: Study) -> None:
    many = [json.loads(RANKED), *({"prompt": f"Why {n}?"} for n in range(1_000))]
    answer = post(study, many, source="Warmth 3")
    assert answer.status_code == 202
    jobs.run(KIND, uuid.UUID(answer.json()["id"]))
    assert sources(study) == {"Warmth 3"}


@pytest.mark.parametrize("source", ["x" * 121, "\u200b"])
def test_a_source_that_names_nothing_is_refused(study: Study, source: str, tmp_path: Path) -> None:
    assert list(post(study, [json.loads(RANKED)], source=source).json()["fields"]) == ["source"]
    file = tmp_path / "ranks.jsonl"
    file.write_bytes(RANKED)
    with pytest.raises(CommandError, match="source"):
        call_command("import_prompts", study.slug, str(file), "--source", source)
    upload = Desk(study).checked(RANKED)
    desk = Desk(study)
    answer = desk.client.post(desk.at("upload-confirm", upload), {"source": "x" * 121})
    assert answer.status_code == 400
    assert not sources(study)


def test_the_page_asks_for_the_source_of_ranks_alone(study: Study) -> None:
    desk = Desk(study)
    asks = 'name="source"'
    assert asks not in desk.page(desk.checked(lines({"prompt": "I feel low."})))
    upload = desk.checked(RANKED, "Ratings by Dr Jane Doe.jsonl")
    assert asks in desk.page(upload)
    assert 'value="Imported file"' in desk.page(upload)
    desk.client.post(desk.at("upload-confirm", upload), {"source": "Warmth 4"})
    jobs.run(KIND, upload.id)
    assert sources(study) == {"Warmth 4"}


def test_the_source_is_not_kept_for_the_next_file(study: Study) -> None:
    post(study, [{"question": "Why?", "answer": "So."}], map="topics=", source="Warmth 5")
    options = list(ImportMapping.objects.values_list("options", flat=True))
    assert options == [{"columns": {"topics": ""}, "chosen": {}}]
