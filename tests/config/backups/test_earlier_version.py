"""A backup of an earlier version is restored by this version, and its counters are right.

`earlier/first.tar.xz` is a backup by the first version that real data could have been in: the demo
study with 26 paid and 56 example judgements, two releases and a trained model, their files left
out. If you add a data migration that changes none of these rows, add a backup from before it.
"""

import tarfile
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from codesign.config.backups.archive import read_manifest
from codesign.config.servers.roles import APP_ROLE, OWNER_ROLE
from tests.support.running import manage

SAVED = Path(__file__).parent / "earlier" / "first.tar.xz"
MOVED = {"django_migrations", "django_content_type", "auth_permission"}
"""Tables of which a newer version has more rows."""
LEARNT = {
    "SELECT sum(earned) FROM compensation_booktally": 2640,
    "SELECT sum(judged) FROM annotations_roundtally": 82,
    "SELECT sum(done + failed) FROM modelhub_generationrun": 58,
    "SELECT count(*) FROM annotations_sketchbucket": 0,  # made anew by the next import
    "SELECT count(*) FROM annotations_flag f JOIN studies_study s ON s.id = f.study_id": 3,
}
"""What migrations made of the rows; minor units, seats, items."""

pytestmark = pytest.mark.slow


def count(database: psycopg.Connection[Any], query: str) -> int:
    row = database.execute(sql.SQL(query)).fetchone()
    assert row
    return int(row[0])


@pytest.mark.parametrize("prepared", [False, True])
def test_a_backup_of_the_first_version_is_restored_into_this_one(
    prepared: bool, started: Any, tmp_path: Path
) -> None:
    with tarfile.open(SAVED) as packed:
        packed.extractall(tmp_path, filter="data")
    home, named = tmp_path / "home", {}
    if prepared:
        server = started(tmp_path / "server")
        server.make_roles()
        named = {"DATABASE_URL": server.url(OWNER_ROLE)}
        assert manage(tmp_path / "server", "migrate", **named).returncode == 0
    done = manage(home, "restore", str(tmp_path / "first"), **named)
    assert done.returncode == 0, done.stderr
    server = server if prepared else started(home)
    saved = read_manifest(tmp_path / "first").tables
    with psycopg.connect(server.url(OWNER_ROLE)) as database:
        for name in saved.keys() - MOVED:
            assert count(database, f"SELECT count(*) FROM {name}") == saved[name]["rows"], name
        assert {query: count(database, query) for query in LEARNT} == LEARNT
    for proof in ("migrate --check", "trial_balance", "verify_audit", "check_counts"):
        said = manage(home, *proof.split(), DATABASE_URL=server.url(APP_ROLE))
        assert said.returncode == 0, said.stderr + said.stdout
