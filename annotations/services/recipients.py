"""Downloads of releases, and messages to recipients after a withdrawal."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.datasets.plumbing.manifest import MANIFEST
from annotations.models import DatasetRelease
from annotations.permissions import DOWNLOAD_RELEASES
from annotations.queries import recipients as known
from annotations.queries import releases as queries
from annotations.rules.releases import ACKNOWLEDGED, DOWNLOADED, folder_problem
from annotations.rules.states import ReleaseState
from annotations.services import release_states
from codesign.accounts.queries import language_of
from codesign.accounts.services import send_mail
from codesign.audit.registry import action
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Gone, Invalid
from codesign.studies.permissions import require

action(DOWNLOADED, gettext_lazy("downloaded from a dataset release"))
action(ACKNOWLEDGED, gettext_lazy("confirmed that their copy of a superseded release is deleted"))

EVERY_FILE = "all"
"""Recorded in the audit trail instead of a file name."""
PAGE = "annotations:release"
SUPERSEDED_SAYS = gettext_lazy(
    "Somebody whose work is in this release has withdrawn their consent. Its files are no longer "
    "available. Please use a newer release."
)


@dataclass(frozen=True)
class Opened:
    """A file that may be downloaded, and its hash in the manifest."""

    path: Path
    sha256: str


def open_file(*, actor: Actor, release: DatasetRelease, name: str, taken: bool = True) -> Opened:
    """Return a file to download. The download is recorded, unless `taken` is False."""
    require(actor, DOWNLOAD_RELEASES, release.study)
    opened = Opened(queries.file_of(release, name), queries.sha256_of(release, name))
    if release.state == ReleaseState.SUPERSEDED:
        raise Gone(str(SUPERSEDED_SAYS))
    if taken:
        _write_down(actor, release, name)
    return opened


@transaction.atomic
def _write_down(actor: Actor, release: DatasetRelease, file: str) -> None:
    release_states.record(
        action=DOWNLOADED, release=release, actor=actor, file=file, state=release.state
    )


def open_all(*, actor: Actor, release: DatasetRelease, taken: bool) -> list[tuple[str, Path]]:
    """Return (name, path) of all files, the manifest first. Refused and recorded like one file."""
    names = [MANIFEST, *(file["path"] for file in release.manifest.get("files", []))]
    opened = open_file(actor=actor, release=release, name=MANIFEST, taken=False)
    if taken:
        _write_down(actor, release, EVERY_FILE)
    return [(MANIFEST, opened.path), *((n, queries.file_of(release, n)) for n in names[1:])]


def check_target(*, folder: Path) -> None:
    """Raise Invalid or Conflict if a release in this folder could not be loaded, or is not alone.

    Called before a release is built, so that a refusal comes at once.
    """
    if problem := folder_problem(folder):
        raise Invalid(problem)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(_("%(folder)s is not an empty folder. Name a new one.") % {"folder": folder})


def copy_release(*, actor: Actor, release: DatasetRelease, into: Path) -> None:
    """Copy the files of a frozen release to a new or empty folder."""
    require(actor, DOWNLOAD_RELEASES, release.study)
    check_target(folder=into)
    shutil.copytree(queries.folder_of(release), into, dirs_exist_ok=True)
    _write_down(actor, release, EVERY_FILE)


@transaction.atomic
def acknowledge(*, actor: Actor, release: DatasetRelease) -> None:
    """Record that a recipient has deleted their copy of a superseded release (standards 2.9)."""
    require(actor, DOWNLOAD_RELEASES, release.study)
    if release.state != ReleaseState.SUPERSEDED:
        raise Conflict(_("This release is not superseded, so you do not have to delete it."))
    if not known.has_acknowledged(actor=actor, release=release):
        release_states.record(action=ACKNOWLEDGED, release=release, actor=actor)


def tell_recipients(*, release: DatasetRelease) -> int:
    """Send a message to the recipients of a superseded release. Return their number.

    Runs in the transaction of the withdrawal. The message does not say whose work it was.
    """
    users = known.recipients_of(release=release)
    where = {"slug": release.study.slug, "release_id": release.id}
    for user in users:
        with translation.override(language_of(user)):
            send_mail(
                to=user.email,
                subject=_("A dataset release that you downloaded is superseded"),
                body=_(
                    "Somebody whose work is in release %(n)d has withdrawn their consent. Please "
                    "do not use it for anything new, delete your copies, and use a newer release."
                    "\n\nThis page shows which records to delete and what was trained on them. "
                    "Please confirm there that your copy is deleted:\n\n%(url)s"
                )
                % {"n": release.number, "url": settings.SITE_URL + reverse(PAGE, kwargs=where)},
            )
    return len(users)
