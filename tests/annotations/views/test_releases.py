"""Pages, API and command of releases: who may, who may not, and what they show."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import uuid
from html import unescape
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotations.models import DatasetRelease
from annotations.queries.releases import JOB, folder_of
from annotations.rules.text_kinds import Origin
from annotations.services import releases
from codesign.accounts import services as accounts
from codesign.accounts.rules import TokenScope
from codesign.audit.models import Event
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.studies import MemberFactory, StudyFactory, staff
from tests.support.counting import queries_of
from tests.support.jobs import run
from tests.support.release_study import Story, release, withdraw

pytestmark = pytest.mark.django_db

SEE = {Role.COORDINATOR, Role.ML_ENGINEER, Role.AUDITOR}
DOWNLOAD = {Role.COORDINATOR, Role.ML_ENGINEER}
ASK = {Role.COORDINATOR}


def someone(story: Story, role: str) -> Member:
    if role in (Role.PANELIST, Role.CLINICIAN):
        cohort = "lived" if role == Role.PANELIST else "clinical"
        member: Member = MemberFactory.create(cohort=story.cohorts[cohort])
        return member
    return staff(story.study, role)


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


@pytest.fixture
def story() -> Story:
    made = Story()
    made.judge(made.member(), made.prompt())
    return made


@pytest.fixture
def frozen(story: Story) -> DatasetRelease:
    return release(story.study)


def addresses(made: DatasetRelease) -> list[tuple[str, str, set[Role]]]:
    """(method, address, who may) of every door."""
    here = {"slug": made.study.slug}
    one = here | {"release_id": made.id}
    api = f"/api/v1/studies/{made.study.slug}/dataset-releases/"
    file = one | {"name": "README.md"}
    return [
        ("GET", reverse("annotations:releases", kwargs=here), SEE),
        ("GET", reverse("annotations:release", kwargs=one), SEE),
        ("GET", reverse("annotations:release-progress", kwargs=one), SEE),
        ("GET", reverse("annotations:release-ask", kwargs=here), ASK),
        ("POST", reverse("annotations:release-ask", kwargs=here), ASK),
        ("GET", reverse("annotations:release-file", kwargs=file), DOWNLOAD),
        ("GET", reverse("annotations:release-everything", kwargs=one), DOWNLOAD),
        ("GET", api, SEE),
        ("POST", api, ASK),
        ("GET", f"{api}{made.id}/", SEE),
        ("GET", f"{api}{made.id}/files/README.md", DOWNLOAD),
    ]


def asked(client: Client, method: str, address: str) -> Any:
    if method == "GET":
        answer: Any = client.get(address)
    elif "/api/" in address:
        answer = client.post(address, {"purpose": "training"}, content_type="application/json")
    else:
        answer = client.post(address, {"purpose": "training"})
    return read(answer)


def read(answer: Any) -> Any:
    """Read a streamed file to its end, which closes it."""
    if answer.streaming:
        answer.body = answer.getvalue()
    return answer


@pytest.mark.parametrize("role", list(Role))
def test_every_door_and_role(frozen: DatasetRelease, story: Story, role: Role) -> None:
    """standards 7.10: judging roles and the safety lead have nothing to do here."""
    client = signed_in(someone(story, role))
    for method, address, may in addresses(frozen):
        answer = asked(client, method, address)
        expected = {200, 201, 302} if role in may else {403}
        assert answer.status_code in expected, (method, address)


def test_outsiders_find_nothing(frozen: DatasetRelease) -> None:
    outsider = signed_in(staff(StudyFactory.create(), Role.COORDINATOR))
    for method, address, _ in addresses(frozen):
        assert asked(outsider, method, address).status_code == 404, address
        assert asked(Client(), method, address).status_code in {302, 401}, address


def test_a_release_of_another_study_is_not_found(frozen: DatasetRelease) -> None:
    other = Story()
    client = signed_in(other.coordinator)
    api = f"/api/v1/studies/{other.study.slug}/dataset-releases/"
    for address in (
        reverse("annotations:release", args=[other.study.slug, frozen.id]),
        reverse("annotations:release-file", args=[other.study.slug, frozen.id, "README.md"]),
        f"{api}{frozen.id}/",
        f"{api}{frozen.id}/files/README.md",
        f"{api}not-an-id/",
        f"{api}{uuid.uuid4()}/",
    ):
        assert client.get(address).status_code == 404, address


@pytest.mark.parametrize(
    "name",
    [
        "../../secret-key",
        "..%2f..%2fsecret-key",
        "data/../../../secret-key",
        "/etc/passwd",
        "data",
        "data/preference",
        "README.md/",
        "readme.md",
        "nothing.parquet",
    ],
)
def test_no_other_file_is_handed_out(frozen: DatasetRelease, story: Story, name: str) -> None:
    client = signed_in(story.coordinator)
    page = reverse("annotations:releases", args=[story.study.slug])
    for start in (
        f"{page}{frozen.id}/files/",
        f"/api/v1/studies/{story.study.slug}/dataset-releases/{frozen.id}/files/",
    ):
        answer = client.get(start + name)
        assert answer.status_code == 404


def test_downloads_return_the_files_and_are_recorded(frozen: DatasetRelease, story: Story) -> None:
    engineer = staff(story.study, Role.ML_ENGINEER)
    client = signed_in(engineer)
    for file in frozen.manifest["files"]:
        name = file["path"]
        page = read(
            client.get(
                reverse("annotations:release-file", args=[story.study.slug, frozen.id, name])
            )
        )
        assert hashlib.sha256(page.body).hexdigest() == file["sha256"]
        assert "attachment" in page["Content-Disposition"]
    written = Event.objects.filter(action="annotations.release_downloaded")
    assert {e.data["file"] for e in written} == {f["path"] for f in frozen.manifest["files"]}
    assert {e.actor_id for e in written} == {engineer.user_id}


def test_the_archive_loads_after_unpacking(
    frozen: DatasetRelease, story: Story, tmp_path: Path
) -> None:
    client = signed_in(staff(story.study, Role.ML_ENGINEER))
    address = reverse("annotations:release-everything", args=[story.study.slug, frozen.id])
    answers = [read(client.get(address)) for _ in range(2)]
    assert answers[0].body == answers[1].body
    with tarfile.open(fileobj=io.BytesIO(answers[0].body)) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    for file in frozen.manifest["files"]:
        assert hashlib.sha256((folder / file["path"]).read_bytes()).hexdigest() == file["sha256"]
    manifest = (folder / "manifest.json").read_bytes()
    assert hashlib.sha256(manifest).hexdigest() == frozen.manifest_sha256
    written = Event.objects.filter(action="annotations.release_downloaded")
    assert [event.data["file"] for event in written] == ["all"] * 2
    DatasetRelease.objects.filter(id=frozen.id).update(
        state="superseded", superseded_at=timezone.now()
    )
    assert client.get(address).status_code == 410


def test_the_api_accepts_a_token_with_the_scope(frozen: DatasetRelease, story: Story) -> None:
    engineer = staff(story.study, Role.ML_ENGINEER)
    address = f"/api/v1/studies/{story.study.slug}/dataset-releases/{frozen.id}/files/manifest.json"
    expected = {TokenScope.RELEASES: 200, TokenScope.JUDGE: 403}
    for scope, status in expected.items():
        _, secret = accounts.make_token(
            actor=SYSTEM, user=engineer.user, name=scope, scopes=[scope], days=1
        )
        answer = read(
            Client(headers={"Authorization": f"Token {secret}", "Accept": "x/y"}).get(address)
        )
        assert answer.status_code == status
    listed = (
        signed_in(engineer)
        .get(f"/api/v1/studies/{story.study.slug}/dataset-releases/")
        .json()["results"]
    )
    assert [(r["number"], r["state"]) for r in listed] == [(1, "frozen")]
    assert listed[0]["manifest"]["rows"]["preference"]


def test_the_api_refuses_an_unknown_purpose(story: Story) -> None:
    answer = signed_in(story.coordinator).post(
        f"/api/v1/studies/{story.study.slug}/dataset-releases/",
        {"purpose": "advertising"},
        content_type="application/json",
    )
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert "purpose" in answer.json()["fields"]


@pytest.mark.parametrize(("origin", "writer"), [("human", "people"), ("ai", "unknown")])
def test_replies_of_people_are_said_to_be_theirs(origin: str, writer: str) -> None:
    story = Story()
    story.judge(story.member(), story.prompt(origin=Origin(origin)))
    made = release(story.study)
    address = reverse("annotations:release", args=[story.study.slug, made.id])
    shown = " ".join(signed_in(story.coordinator).get(address).content.decode().split())
    assert f"<dt>Responses by</dt> <dd> {writer} </dd>" in shown
    assert f"- Responses by (hidden while judging): {writer}." in unescape(shown)
    assert made.manifest.get("responses_by_people", False) == (writer == "people")


def test_the_page_shows_what_was_left_out_and_superseded(
    frozen: DatasetRelease, story: Story
) -> None:
    client = signed_in(story.coordinator)
    address = reverse("annotations:release", args=[story.study.slug, frozen.id])
    leaves, stays = story.member(), story.member(granted=("take_part",))
    prompt = story.prompt(held_out=True)
    for member in (leaves, stays):
        story.judge(member, prompt)
    story.judge(leaves, story.prompt(), example=True)
    second = release(story.study)
    shown = client.get(
        reverse("annotations:release", args=[story.study.slug, second.id])
    ).content.decode()
    assert "on a prompt that is held out for evaluation" in shown
    assert "examples made by a program" in shown
    withdraw(leaves)
    shown = client.get(
        reverse("annotations:release", args=[story.study.slug, second.id])
    ).content.decode()
    assert "Do not use this release for anything new" in shown
    assert "README.md" in shown  # what was in it stays there to read, plainly marked
    assert "Please use a newer release" in shown
    assert not re.search(r"<a [^>]*\bdownload\b", shown)
    file = reverse("annotations:release-file", args=[story.study.slug, second.id, "README.md"])
    api = f"/api/v1/studies/{story.study.slug}/dataset-releases/{second.id}/files/README.md"
    refused = client.get(api)
    assert (client.get(file).status_code, refused.status_code) == (410, 410)
    assert refused["Content-Type"] == "application/problem+json"
    assert "withdrawn their consent" in refused.json()["title"]
    assert "Do not use" not in client.get(address).content.decode()


def test_pages_while_it_is_made_and_when_it_failed() -> None:
    story = Story()
    client = signed_in(story.coordinator)
    made = releases.request_release(actor=SYSTEM, study=story.study, purpose="training")
    page = reverse("annotations:release", args=[story.study.slug, made.id])
    progress = reverse("annotations:release-progress", args=[story.study.slug, made.id])
    assert progress in client.get(page).content.decode()
    assert "HX-Refresh" not in client.get(progress)
    file = reverse("annotations:release-file", args=[story.study.slug, made.id, "README.md"])
    assert client.get(file).status_code == 404
    run(JOB, made.id)
    assert client.get(progress)["HX-Refresh"] == "true"
    assert "there are no judgements" in client.get(page).content.decode()


def test_the_list_asks_the_same_number_of_queries() -> None:
    story = Story()
    client = signed_in(story.coordinator)
    address = reverse("annotations:releases", args=[story.study.slug])
    releases.request_release(actor=SYSTEM, study=story.study, purpose="training")
    few = queries_of(client, address)
    for _ in range(11):
        releases.request_release(actor=SYSTEM, study=story.study, purpose="training")
    assert queries_of(client, address) == few
    assert len(client.get(address).context["page"].object_list) == 12


def test_command_builds_prints_and_copies(story: Story, tmp_path: Path) -> None:
    out, said = tmp_path / "out", StringIO()
    story.judge(story.member(), story.prompt(held_out=True))
    call_command(
        "release_dataset",
        story.study.slug,
        "--purpose=training",
        f"--out={out}",
        f"--as={story.coordinator.user.email}",
        stdout=said,
    )
    made = DatasetRelease.objects.get(study=story.study)
    assert made.requested_by == story.coordinator.user
    assert {p.name for p in out.rglob("*")} == {p.name for p in folder_of(made).rglob("*")}
    assert "preference: 1 rows" in said.getvalue()
    assert "left out: 4 on a prompt that is held out" in said.getvalue()
    assert str(folder_of(made)) in said.getvalue()


def test_command_refuses_in_one_sentence(story: Story, tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    for arguments, says in (
        (["nowhere", "--purpose=training"], "There is no study called nowhere."),
        ([story.study.slug, "--purpose=training", "--as=nobody@example.org"], "no account"),
        ([story.study.slug, "--purpose=training", f"--out={tmp_path}"], "not an empty folder"),
    ):
        with pytest.raises(CommandError, match=says):
            call_command("release_dataset", *arguments, stdout=StringIO())
    withdraw(Member.objects.get(cohort=story.cohorts["lived"]))
    with pytest.raises(CommandError, match="Nothing can be released yet"):
        call_command("release_dataset", story.study.slug, "--purpose=training", stdout=StringIO())
