"""A coordinator who imports files by page."""

from __future__ import annotations

import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from codesign.studies.models import Member, Study
from codesign.studies.rules import Role
from modelhub.models import Upload
from modelhub.queries.uploads import KIND
from tests.factories.studies import StudyFactory, staff
from tests.support import jobs


def lines(*rows: Any) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


class Desk:
    """A browser in which a coordinator, or a member with another role, is signed in."""

    def __init__(self, study: Study | None = None, role: Role = Role.COORDINATOR) -> None:
        self.study = study or StudyFactory.create()
        self.member = staff(self.study, role)
        self.client = signed_in(self.member)

    def at(self, name: str, upload: Upload | None = None) -> str:
        return address(self.study, name, upload)

    def bring(self, content: bytes, name: str = "prompts.jsonl") -> Any:
        return self.client.post(self.at("uploads"), {"file": SimpleUploadedFile(name, content)})

    def checked(self, content: bytes, name: str = "prompts.jsonl") -> Upload:
        assert self.bring(content, name).status_code == 302
        upload = Upload.objects.latest("created_at")
        jobs.run(KIND, upload.id)
        upload.refresh_from_db()
        return upload

    def page(self, upload: Upload) -> str:
        return str(self.client.get(self.at("upload", upload)).content.decode())


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def address(study: Study, name: str, upload: Upload | None = None) -> str:
    keys: dict[str, Any] = {"slug": study.slug}
    if upload:
        keys["upload_id"] = upload.id
    return reverse(f"modelhub:{name}", kwargs=keys)


def row(upload: Upload) -> Upload:
    return Upload.objects.get(id=upload.id)
