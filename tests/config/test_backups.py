"""A backup contains everything at one moment; a restore brings everything back or refuses."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg import sql

from annotations.queries.releases import folder_of
from codesign.audit.services import seal
from codesign.config.backups.archive import MANIFEST, read_manifest
from codesign.config.backups.making import make_backup
from codesign.config.backups.progress import Progress
from codesign.config.run import HALF_RESTORED
from codesign.config.servers.roles import APP_ROLE, OWNER_ROLE
from codesign.shared.actors import Actor
from codesign.studies.models import Study
from codesign.studies.rules import Role
from modelhub.models import ModelVersion, Upload
from modelhub.queries.uploads import path_of
from modelhub.rules.states import ModelKind
from modelhub.services.uploads import receive
from modelhub.services.versions import ensure_embedded_model
from tests.factories.annotations import judge, judging_round, lease, send
from tests.factories.studies import staff
from tests.support.judging_page import cohort_of
from tests.support.release_study import Story, release
from tests.support.running import PATIENCE, ROOT, manage, user_environment

PROMPTS = b'{"prompt": "I cannot sleep."}\n'
WEIGHTS = b"weights of a small adapter" * 1000

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """The backup of an installation with judgements, a release and a trained model."""
    member = judge()
    study = judging_round(cohort_of(member), tasks=1).study
    send(lease(member), comment="Tabs\t, lines\nand \\. too")
    made = release(study)
    adapter = settings.MODELS_DIR / "adapters" / "one" / "adapter"
    adapter.mkdir(parents=True, exist_ok=True)
    (adapter / "adapter_model.safetensors").write_bytes(WEIGHTS)
    ModelVersion.objects.create(
        study=study,
        name="Trained",
        kind=ModelKind.ADAPTER,
        parent=ensure_embedded_model(),
        path="adapters/one/adapter",
        sha256=hashlib.sha256(WEIGHTS).hexdigest(),
    )
    brought(study)
    seal()
    assert folder_of(made).is_dir()
    call_command("backup", str(tmp_path / "backup"), stdout=io.StringIO(), stderr=io.StringIO())
    return tmp_path / "backup"


def brought(study: Study) -> Path:
    """Upload a file of prompts that no worker has read; return its path."""
    upload = receive(
        actor=Actor(user_id=staff(study, Role.COORDINATOR).user_id),
        study=study,
        file=SimpleUploadedFile("prompts.jsonl", PROMPTS),
    )
    return path_of(upload=upload)


def contents(database: psycopg.Connection[Any]) -> dict[str, tuple[int, str]]:
    """Count and hash the rows of each table, in any order."""
    tables = {}
    names = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for (name,) in names.fetchall():
        query = sql.SQL(
            "SELECT count(*), coalesce(md5(string_agg(r, ',' ORDER BY r)), '') "
            "FROM (SELECT t::text AS r FROM {} t) rows"
        )
        row = database.execute(query.format(sql.Identifier(name))).fetchone()
        assert row
        tables[name] = (row[0], row[1])
    return tables


def files_below(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_restored_installation_is_the_one_that_was_saved(
    backup: Path, started: Any, tmp_path: Path
) -> None:
    home = tmp_path / "elsewhere" / "home"
    done = manage(home, "restore", str(backup))
    assert done.returncode == 0, done.stderr
    connection.ensure_connection()
    before = contents(connection.connection)
    server = started(home)
    with psycopg.connect(server.url(OWNER_ROLE)) as restored:
        assert contents(restored) == before
    assert before["annotations_judgement"][0] == 1
    manifest = read_manifest(backup)
    assert {name: count for name, (count, _) in before.items()} == {
        name: table["rows"] for name, table in manifest.tables.items()
    }
    kept = files_below(backup / "files")
    assert kept == {
        name: sha
        for name, sha in files_below(home).items()
        if name.startswith(("releases/", "models/", "uploads/"))
    }
    assert [name for name in kept if name.startswith("uploads/")] == [
        f"uploads/{upload.id}.jsonl" for upload in Upload.objects.all()
    ]
    assert "models/adapters/one/adapter/adapter_model.safetensors" in kept
    for proof in ("trial_balance", "verify_audit"):
        said = manage(home, proof, DATABASE_URL=server.url(APP_ROLE))
        assert said.returncode == 0, said.stderr
    assert not (home / HALF_RESTORED).exists()


def test_the_restored_database_guards_itself_as_before(
    backup: Path, started: Any, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    assert manage(home, "restore", str(backup)).returncode == 0
    server = started(home)
    with psycopg.connect(server.url(APP_ROLE), autocommit=True) as app:
        with pytest.raises(
            psycopg.errors.InsufficientPrivilege,
            match="permission denied for table annotations_judgement",
        ):
            app.execute("DELETE FROM annotations_judgement")
        app.execute("INSERT INTO django_session VALUES ('a', 'b', now())")
    with psycopg.connect(server.url(OWNER_ROLE), autocommit=True) as owner:
        with pytest.raises(psycopg.errors.RaiseException, match="append_only"):
            owner.execute("DELETE FROM annotations_judgement")
        given = owner.execute(
            "INSERT INTO auth_group (name) VALUES ('later') RETURNING id"
        ).fetchone()
        highest = owner.execute("SELECT max(id) FROM auth_group").fetchone()
        assert given == highest


def spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "name",
    [MANIFEST, "tables/annotations_judgement.copy.gz", "files/models/adapters/one/adapter/*"],
)
def test_a_damaged_backup_is_refused_before_anything_is_touched(
    backup: Path, tmp_path: Path, name: str
) -> None:
    (target,) = backup.glob(name)
    spoil(target)
    home = tmp_path / "home"
    done = manage(home, "restore", str(backup))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"CommandError: This backup is damaged: {target.relative_to(backup)} "
        "does not match its hash."
    )
    assert not home.exists()


def test_missing_or_unfinished_backup_is_refused(backup: Path, tmp_path: Path) -> None:
    (backup / "tables" / "accounts_user.copy.gz").unlink()
    done = manage(tmp_path / "home", "restore", str(backup))
    assert "tables/accounts_user.copy.gz cannot be read." in done.stderr
    (backup / MANIFEST).unlink()
    done = manage(tmp_path / "home", "restore", str(backup))
    assert f"{backup} is not a complete backup" in done.stderr


def test_neither_a_full_home_nor_a_full_database_is_written_over(
    backup: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    (home / "releases" / "one").mkdir(parents=True)
    done = manage(home, "restore", str(backup))
    assert f"{home} is not empty (it has releases). Name another home." in done.stderr
    database = os.environ["DATABASE_URL"].replace(
        "/postgres?", f"/{connection.settings_dict['NAME']}?"
    )
    done = manage(tmp_path / "new", "restore", str(backup), DATABASE_URL=database)
    assert "The database is not empty. Name another one." in done.stderr


def test_a_restore_that_was_broken_off_begins_again(backup: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "models").mkdir(parents=True)
    (home / HALF_RESTORED).touch()
    refused = subprocess.run(
        [sys.executable, "-m", "codesign.config.run"],
        cwd=ROOT,
        env=user_environment(CODESIGN_HOME=str(home)),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert "a restore was interrupted" in refused.stdout
    assert manage(home, "restore", str(backup)).returncode == 0
    assert not (home / HALF_RESTORED).exists()


def test_nothing_is_left_of_a_backup_that_could_not_be_finished(tmp_path: Path) -> None:
    release_file = settings.RELEASES_DIR
    story = Story()
    story.judge(story.member(), story.prompt())
    made = folder_of(release(story.study))
    victim = next(path for path in made.iterdir() if path.is_file())
    victim.unlink()
    victim.symlink_to(release_file / "nowhere")
    with pytest.raises(CommandError, match=r"No backup was made in .*: No such file"):
        call_command("backup", str(tmp_path / "backup"), stderr=io.StringIO())
    assert list(tmp_path.iterdir()) == []
    shutil.rmtree(made)
    waiting = brought(story.study)
    waiting.unlink()
    said = io.StringIO()
    call_command("backup", str(tmp_path / "backup"), stdout=io.StringIO(), stderr=said)
    assert f"releases/{made.name} does not exist, so it is not in this backup" in said.getvalue()
    assert f"uploads/{waiting.name} does not exist, so it is not in this backup" in said.getvalue()


def test_an_import_that_ends_while_the_backup_is_made_is_in_it_as_it_was(tmp_path: Path) -> None:
    story = Story()
    story.judge(story.member(), story.prompt())
    waiting = brought(story.study)

    class Ending(io.StringIO):
        def write(self, said: str) -> int:
            waiting.unlink(missing_ok=True)
            return super().write(said)

    make_backup(tmp_path / "backup", out=Ending())
    assert not waiting.exists()
    assert (tmp_path / "backup" / "files" / "uploads" / waiting.name).read_bytes() == PROMPTS


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_leaves_a_sentence_and_nothing_else(tmp_path: Path) -> None:
    story = Story()
    story.judge(story.member(), story.prompt())
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount a disk")
    try:
        with pytest.raises(CommandError, match=r"No backup was made .*: No space left"):
            call_command("backup", str(disk / "backup"), stderr=io.StringIO())
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_existing_folder_is_not_overwritten(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="already exists"):
        call_command("backup", str(tmp_path), stderr=io.StringIO())
    (tmp_path / "b.unfinished").mkdir()
    with pytest.raises(CommandError, match="another backup is running, or one was interrupted"):
        call_command("backup", str(tmp_path / "b"), stderr=io.StringIO())


def test_progress_says_how_far_how_fast_and_how_long() -> None:
    out = io.StringIO()
    progress = Progress("Backup", total=2_000_000, out=out)
    progress(1_000_000)
    progress.finish()
    first, last = out.getvalue().splitlines()
    assert first.startswith("Backup: 50 %, ")
    assert " MB/s, 0:0" in first
    assert last.startswith("Backup: 100 %")
