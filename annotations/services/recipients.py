"""Handing out a release, and telling those who took it when somebody in it takes consent back."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from annotations.datasets.plumbing.manifest import MANIFEST
from annotations.models import DatasetRelease
from annotations.permissions import DOWNLOAD_RELEASES
from annotations.queries import recipients as known
from annotations.queries import releases as queries
from annotations.rules.releases import ACKNOWLEDGED, DOWNLOADED
from annotations.rules.states import ReleaseState
from annotations.services import release_states
from codesign.accounts.services import send_mail
from codesign.audit.registry import action
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Gone
from codesign.studies.permissions import require

action(DOWNLOADED, "downloaded from a dataset release")
action(ACKNOWLEDGED, "said that their copy of a superseded release is deleted")

EVERY_FILE = "all"
"""In place of a file's name, in the trail."""
PAGE = "annotations:release"
SUPERSEDED_SAYS = (
    "Somebody whose work is in this release has taken their consent back since. Its files are not "
    "given out any more; please use a newer release."
)


@dataclass(frozen=True)
class Opened:
    """A file that may be handed out, and the hash that its manifest gives."""

    path: Path
    sha256: str


def open_file(*, actor: Actor, release: DatasetRelease, name: str, taken: bool = True) -> Opened:
    """A file to hand out; who took which is written down, where they did not just look."""
    require(actor, DOWNLOAD_RELEASES, release.study)
    opened = Opened(queries.file_of(release, name), queries.sha256_of(release, name))
    if release.state == ReleaseState.SUPERSEDED:
        raise Gone(SUPERSEDED_SAYS)
    if taken:
        _write_down(actor, release, name)
    return opened


@transaction.atomic
def _write_down(actor: Actor, release: DatasetRelease, file: str) -> None:
    release_states.record(
        action=DOWNLOADED, release=release, actor=actor, file=file, state=release.state
    )


def open_all(*, actor: Actor, release: DatasetRelease, taken: bool) -> list[tuple[str, Path]]:
    """(name, path) of every file, the manifest first; refused and written down like one file."""
    names = [MANIFEST, *(file["path"] for file in release.manifest.get("files", []))]
    opened = open_file(actor=actor, release=release, name=MANIFEST, taken=False)
    if taken:
        _write_down(actor, release, EVERY_FILE)
    return [(MANIFEST, opened.path), *((n, queries.file_of(release, n)) for n in names[1:])]


def check_target(*, folder: Path) -> None:
    """Refuse a folder that holds something: nothing is overwritten or mixed."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(f"{folder} is not an empty folder; name a new one.")


def copy_release(*, actor: Actor, release: DatasetRelease, into: Path) -> None:
    """Copy a frozen release's files to a new or empty folder."""
    require(actor, DOWNLOAD_RELEASES, release.study)
    check_target(folder=into)
    shutil.copytree(queries.folder_of(release), into, dirs_exist_ok=True)
    _write_down(actor, release, EVERY_FILE)


@transaction.atomic
def acknowledge(*, actor: Actor, release: DatasetRelease) -> None:
    """Somebody who took a release says that their copy of it is gone (standards 2.9)."""
    require(actor, DOWNLOAD_RELEASES, release.study)
    if release.state != ReleaseState.SUPERSEDED:
        raise Conflict("This release may be used as it is; there is nothing to delete.")
    if not known.has_acknowledged(actor=actor, release=release):
        release_states.record(action=ACKNOWLEDGED, release=release, actor=actor)


def tell_recipients(*, release: DatasetRelease) -> int:
    """Write to everybody who took files of a release that is superseded now; how many.

    In the transaction of the withdrawal. Nothing in it says whose work it was.
    """
    found = known.recipients_of(release=release)
    where = {"slug": release.study.slug, "release_id": release.id}
    for user in found:
        with translation.override(user.language or settings.LANGUAGE_CODE):
            send_mail(
                to=user.email,
                subject=_("A dataset release that you downloaded is superseded"),
                body=_(
                    "Somebody whose work is in release %(n)d has taken their consent back. Please "
                    "do not use it for anything new, delete your copies, and use a newer release."
                    "\n\nWhat has to be dropped, what was trained on it, and where you can say "
                    "that your copy is deleted:\n\n%(url)s"
                )
                % {"n": release.number, "url": settings.SITE_URL + reverse(PAGE, kwargs=where)},
            )
    return len(found)
