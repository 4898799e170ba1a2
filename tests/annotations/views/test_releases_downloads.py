"""Downloads in parts, through the page and the API: which ones resume after a break."""

from __future__ import annotations

import hashlib
import tracemalloc
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from annotations.models import DatasetRelease
from annotations.queries.releases import file_of
from codesign.audit.models import Event
from codesign.shared.downloads import BLOCK, send_file
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.studies import MemberFactory, staff
from tests.support.release_study import Story, release, withdraw

pytestmark = pytest.mark.django_db

DOORS = ["page", "api"]
NAME = "README.md"


class Given:
    """A frozen release, an engineer who may download it, and one whose work is in it."""

    def __init__(self) -> None:
        self.story = Story()
        self.judge: Member = self.story.member()
        self.story.judge(self.judge, self.story.prompt())
        self.release: DatasetRelease = release(self.story.study)
        self.content = file_of(self.release, NAME).read_bytes()
        self.sha256 = hashlib.sha256(self.content).hexdigest()
        self.engineer = Client()
        self.engineer.force_login(staff(self.story.study, Role.ML_ENGINEER).user)

    def address(self, door: str) -> str:
        if door == "page":
            return reverse(
                "annotations:release-file", args=[self.story.study.slug, self.release.id, NAME]
            )
        slug = self.story.study.slug
        return f"/api/v1/studies/{slug}/dataset-releases/{self.release.id}/files/{NAME}"

    def ask(self, door: str, **headers: str) -> tuple[Any, bytes]:
        answer: Any = self.engineer.get(self.address(door), headers=headers)
        return answer, answer.getvalue() if answer.streaming else answer.content


@pytest.fixture
def given() -> Given:
    return Given()


@pytest.mark.parametrize("door", DOORS)
def test_the_whole_file_announces_ranges(given: Given, door: str) -> None:
    answer, body = given.ask(door)
    assert (answer.status_code, body) == (200, given.content)
    assert answer["ETag"] == f'"{given.sha256}"'
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["Content-Length"] == str(len(given.content))


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("asked", "part"),
    [("bytes=0-0", slice(0, 1)), ("bytes=5-", slice(5, None)), ("bytes=-7", slice(-7, None))],
)
def test_a_range_of_the_file(given: Given, door: str, asked: str, part: slice) -> None:
    answer, body = given.ask(door, Range=asked)
    assert (answer.status_code, body) == (206, given.content[part])
    assert answer["Content-Length"] == str(len(body))
    first = given.content.index(body) if asked != "bytes=0-0" else 0
    size = len(given.content)
    assert answer["Content-Range"] == f"bytes {first}-{first + len(body) - 1}/{size}"


@pytest.mark.parametrize("door", DOORS)
def test_an_interrupted_download_resumes(given: Given, door: str) -> None:
    _, start = given.ask(door, Range="bytes=0-99")
    answer, rest = given.ask(door, Range="bytes=100-", **{"If-Range": f'"{given.sha256}"'})
    assert answer.status_code == 206
    assert hashlib.sha256(start + rest).hexdigest() == given.sha256


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "other", ['"0"', f'W/"{"0" * 64}"', "Wed, 21 Oct 2015 07:28:00 GMT", "nonsense"]
)
def test_a_range_of_another_file_returns_the_whole_file(
    given: Given, door: str, other: str
) -> None:
    answer, body = given.ask(door, Range="bytes=100-", **{"If-Range": other})
    assert (answer.status_code, body) == (200, given.content)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "bytes=9-2", "lines=1-2", "nonsense"])
def test_an_invalid_range_returns_the_whole_file(given: Given, door: str, asked: str) -> None:
    answer, body = given.ask(door, Range=asked)
    assert (answer.status_code, body) == (200, given.content)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0"])
def test_a_range_after_the_end_is_refused(given: Given, door: str, asked: str) -> None:
    answer, _ = given.ask(door, Range=asked)
    assert answer.status_code == 416
    assert answer["Content-Range"] == f"bytes */{len(given.content)}"
    assert "after the end" in answer.json()["title"]


@pytest.mark.parametrize("door", DOORS)
def test_head_requests_are_not_downloads(given: Given, door: str) -> None:
    answer = given.engineer.head(given.address(door), headers={"Range": "bytes=0-4"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["Content-Length"] == str(len(given.content))
    assert answer["Accept-Ranges"] == "bytes"
    assert not Event.objects.filter(action="annotations.release_downloaded").exists()
    given.ask(door, Range="bytes=0-4")
    assert Event.objects.filter(action="annotations.release_downloaded").count() == 1


@pytest.mark.parametrize("door", DOORS)
def test_an_unchanged_file_is_not_sent_again(given: Given, door: str) -> None:
    answer, body = given.ask(door, **{"If-None-Match": f'"{given.sha256}"'})
    assert (answer.status_code, body) == (304, b"")


@pytest.mark.parametrize("door", DOORS)
def test_a_download_does_not_resume_after_a_withdrawal(given: Given, door: str) -> None:
    """standards 2.9: the rest of a file cannot be downloaded after a withdrawal."""
    given.ask(door, Range="bytes=0-99")
    withdraw(given.judge)
    answer, body = given.ask(door, Range="bytes=100-", **{"If-Range": f'"{given.sha256}"'})
    assert answer.status_code == 410
    assert given.content[100:150] not in body
    assert given.engineer.head(given.address(door)).status_code == 410


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("role", sorted(set(Role) - {Role.COORDINATOR, Role.ML_ENGINEER}))
def test_a_range_needs_the_same_permission_as_the_file(
    given: Given, role: str, method: str, door: str
) -> None:
    """standards 7.10."""
    if role in (Role.PANELIST, Role.CLINICIAN):
        cohort = given.story.cohorts["lived" if role == Role.PANELIST else "clinical"]
        member = MemberFactory.create(cohort=cohort)
    else:
        member = staff(given.story.study, role)
    client = Client()
    client.force_login(member.user)
    answer = getattr(client, method)(given.address(door), headers={"Range": "bytes=0-4"})
    assert answer.status_code == 403
    assert given.content[:5] not in answer.content


def test_a_large_file_is_streamed_in_blocks(tmp_path: Any) -> None:
    path = tmp_path / "large"
    with path.open("wb") as handle:
        handle.truncate(64 * 1024 * 1024)
    request = RequestFactory().get("/", headers={"Range": "bytes=1000-"})
    answer: Any = send_file(request, path, sha256="0" * 64, content_type="x/y")
    tracemalloc.start()
    length = sum(len(block) for block in answer.streaming_content)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    answer.close()
    assert length == 64 * 1024 * 1024 - 1000
    assert most < 4 * BLOCK
