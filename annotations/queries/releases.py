"""Queries for dataset releases and their files."""

from __future__ import annotations

import uuid
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from annotations.datasets.plumbing.layout import shares_paths
from annotations.datasets.plumbing.manifest import MANIFEST
from annotations.models import DatasetRelease
from annotations.models.querysets import DatasetReleaseQuerySet
from annotations.rules.states import FROZEN_RELEASES
from codesign.jobs.models import Job
from codesign.jobs.queries import job_about, newest_job
from codesign.shared.errors import NotFound
from codesign.shared.lookups import Asked, matching
from codesign.studies.models import Study

JOB = "dataset_release"
"""The kind of job that builds a release."""


def releases_of(*, study: Study) -> DatasetReleaseQuerySet:
    """Return a study's releases with their jobs, newest first. Callers check permissions."""
    releases = DatasetRelease.objects.filter(study=study).order_by("-number")
    return releases.annotate(job=newest_job(JOB))


def releases_matching(*, study: Study, asked: Asked) -> QuerySet[DatasetRelease]:
    """Return releases, optionally filtered by state, purpose or time of the request."""
    wanted = matching(asked, state="state", purpose="purpose", since="created_at__gte")
    return releases_of(study=study).filter(wanted)


def release_in(*, study: Study, release_id: uuid.UUID) -> DatasetRelease:
    """Return a release of a study."""
    releases = releases_of(study=study).select_related("parent", "study")
    release = releases.filter(id=release_id).first()
    if release is None:
        raise NotFound(_("This study has no such release."))
    return release


def job_of_release(*, release_id: uuid.UUID) -> Job:
    """Return the job that builds or built a release."""
    return job_about(kind=JOB, subject_id=release_id)


def folder_of(release: DatasetRelease) -> Path:
    """Return the folder of a frozen or superseded release."""
    if release.state not in FROZEN_RELEASES:
        raise NotFound(_("This release has no files yet."))
    return Path(settings.RELEASES_DIR) / str(release.id)


def folders() -> list[Path]:
    """Return the folders of all releases of all studies, for backups."""
    return [folder_of(release) for release in DatasetRelease.objects.frozen()]


def loading_advice(release: DatasetRelease) -> str:
    """Return what to know before loading the files of a release; "" if they load safely."""
    if not shares_paths(release.manifest):
        return ""
    return _(
        "This release is older than the unique paths of data files. The datasets library may return"
        " rows of another release of this study from its cache. Load it with an empty cache_dir, or"
        " use a newer release."
    )


def card_of(release: DatasetRelease) -> str:
    """Return the dataset card without its front matter, which only programs read."""
    text = file_of(release, "README.md").read_text(encoding="utf-8")
    return text.partition("\n---\n")[2].strip()


def sha256_of(release: DatasetRelease, name: str) -> str:
    """Return the hash of a file of a release, or of its manifest."""
    hashes = {file["path"]: str(file["sha256"]) for file in release.manifest["files"]}
    hashes[MANIFEST] = release.manifest_sha256
    if name not in hashes:
        raise NotFound(_("This release has no such file."))
    return hashes[name]


def file_of(release: DatasetRelease, name: str) -> Path:
    """Return the path of a file, which must have this name in the manifest."""
    folder = folder_of(release)
    sha256_of(release, name)
    return folder / name
