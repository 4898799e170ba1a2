"""The three ways in which a file of prompts is imported: page, API and command."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pyarrow
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pyarrow import parquet

from codesign.studies.models import Study
from codesign.studies.rules import Role
from modelhub.models import Upload
from modelhub.queries.uploads import KIND
from modelhub.rules.states import UploadState
from tests.factories.studies import staff
from tests.support import jobs

MEDIA = {
    "jsonl": "application/x-ndjson",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "tsv": "text/tab-separated-values",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "gz": "application/gzip",
    "zst": "application/zstd",
}
Door = Callable[[Study, bytes, str], str]
"""Imports the content of a file by its name, and returns what the person or program reads."""
DOORS = ("page", "api", "command")


def door_by(kind: str, folder: Path) -> Door:
    """The import by page, API or command. The command reads its file from the folder."""
    command = partial(by_command, folder=folder)
    doors: dict[str, Door] = {"page": by_page, "api": by_api, "command": command}
    return doors[kind]


def table(**columns: list[Any]) -> bytes:
    """A Parquet file."""
    file = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), file)
    return file.getvalue()


def by_page(study: Study, content: bytes, name: str) -> str:
    """What the coordinator reads after uploading, and confirming if there are no errors."""
    client = signed_in(study)
    address = reverse("modelhub:uploads", kwargs={"slug": study.slug})
    answer = client.post(address, {"file": SimpleUploadedFile(name, content)})
    if answer.status_code != 302:
        assert answer.status_code == 400
        return str(answer.content.decode())
    upload = Upload.objects.latest("created_at")
    keys = {"slug": study.slug, "upload_id": upload.id}
    for _ in ("checked", "imported"):
        jobs.run(KIND, upload.id)
        upload.refresh_from_db()
        if upload.state == UploadState.CHECKED and not upload.found["skipped"]:
            client.post(reverse("modelhub:upload-confirm", kwargs=keys))
    page = client.get(answer["Location"])
    assert page.status_code == 200
    return str(page.content.decode())


def by_api(study: Study, content: bytes, name: str) -> str:
    """What a program reads; it follows an import that runs in the background."""
    client = signed_in(study)
    answer = client.generic(
        "POST",
        f"/api/v1/studies/{study.slug}/prompts/",
        content,
        content_type=MEDIA[name.rpartition(".")[2]],
    )
    if answer.status_code == 202:
        jobs.run(KIND, uuid.UUID(answer.json()["id"]))
        answer = client.get(answer["Location"])
    assert answer.status_code in (200, 201, 400, 413), answer.content
    return json.dumps(answer.json(), ensure_ascii=False)


def by_command(study: Study, content: bytes, name: str, folder: Path = Path()) -> str:
    path = folder / name
    path.write_bytes(content)
    try:
        call_command("import_prompts", study.slug, str(path))
    except CommandError as error:
        return str(error)
    return ""


def signed_in(study: Study) -> Client:
    client = Client()
    client.force_login(staff(study, Role.COORDINATOR).user)
    return client


def plain(said: str) -> str:
    return said.replace("&#x27;", "'").replace("&quot;", '"').replace('\\"', '"')


def post(study: Study, rows: Any, **parameters: Any) -> Any:
    """Send rows as a program does."""
    query = urlencode(parameters, doseq=True)
    return signed_in(study).post(
        f"/api/v1/studies/{study.slug}/prompts/?{query}",
        json.dumps({"prompts": rows}),
        content_type="application/json",
    )
