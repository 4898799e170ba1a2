"""The rows of `texts`, as recipients join them with ids."""

from __future__ import annotations

import json
from pathlib import Path

from annotations.datasets.plumbing.schemas import schemas
from annotations.datasets.plumbing.text_lines import TextLines
from annotations.registry import ModelName
from tests.support.release_files import rows, twelve_prompts
from tests.support.snapshots import built, prompt, response


def test_a_line_has_every_field_of_the_schema_in_its_order() -> None:
    messages = [{"role": "user", "content": '"☂"\n'}]
    asked = prompt(topics=["sleep", "calm"], held_out=True, messages=messages)
    said = response("a", text='Say "so"\u2028', origin="human", model=ModelName())
    lines = TextLines(asked)
    first, second = (json.loads(lines.line(text)) for text in (asked, said))
    assert list(first) == list(second) == schemas()["texts"].names
    assert first["messages"] == asked.messages
    assert (first["record_id"], first["kind"], first["response_id"]) == ("p", "prompt", "")
    assert (first["topics"], first["held_out"]) == (["calm", "sleep"], True)
    assert second["messages"] == [{"role": "assistant", "content": said.text}]
    assert (second["record_id"], second["prompt_id"], second["response_id"]) == ("a", "p", "a")
    assert (second["origin"], second["model_version_id"]) == ("human", "")


def test_every_id_in_judgements_has_its_text(tmp_path: Path) -> None:
    built(twelve_prompts(), tmp_path)
    texts = {row["record_id"]: row for row in rows(tmp_path, "texts")}
    judged = rows(tmp_path, "judgements")
    assert {row[name] for row in judged for name in ("prompt_id", "response_id")} == set(texts)
