"""Reads dataset releases."""

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
    """A study's releases, newest first; who may see them the door has checked.

    Each with its job (`jobs.queries.newest_job`).
    """
    found = DatasetRelease.objects.filter(study=study).order_by("-number")
    return found.annotate(job=newest_job(JOB))


def releases_matching(*, study: Study, asked: Asked) -> QuerySet[DatasetRelease]:
    """Those of a state, for a purpose, or asked for since a moment, as far as these are given."""
    wanted = matching(asked, state="state", purpose="purpose", since="created_at__gte")
    return releases_of(study=study).filter(wanted)


def release_in(*, study: Study, release_id: uuid.UUID) -> DatasetRelease:
    """One release of a study."""
    found = releases_of(study=study).select_related("parent", "study").filter(id=release_id)
    release = found.first()
    if release is None:
        raise NotFound("There is no such release in this study.")
    return release


def job_of_release(*, release_id: uuid.UUID) -> Job:
    """The job that builds a release, or built it."""
    return job_about(kind=JOB, subject_id=release_id)


def folder_of(release: DatasetRelease) -> Path:
    """Where the files of a frozen or superseded release lie."""
    if release.state not in FROZEN_RELEASES:
        raise NotFound("This release has no files yet.")
    return Path(settings.RELEASES_DIR) / str(release.id)


def folders() -> list[Path]:
    """Where the files of all releases lie, of every study; for a backup."""
    return [folder_of(release) for release in DatasetRelease.objects.frozen()]


def loading_advice(release: DatasetRelease) -> str:
    """What to know before loading the files of a release; empty for one that loads safely."""
    if not shares_paths(release.manifest):
        return ""
    return _(
        "This release was made before data files had paths of their own. The datasets library may"
        " give you the rows of another release of this study from its cache. Load it with an empty"
        " cache_dir, or use a newer release."
    )


def card_of(release: DatasetRelease) -> str:
    """The dataset card, as it lies beside the data."""
    return file_of(release, "README.md").read_text(encoding="utf-8")


def sha256_of(release: DatasetRelease, name: str) -> str:
    """The hash of one file of a release, as frozen; the manifest is a file too."""
    hashes = {file["path"]: str(file["sha256"]) for file in release.manifest["files"]}
    hashes[MANIFEST] = release.manifest_sha256
    if name not in hashes:
        raise NotFound("There is no such file in this release.")
    return hashes[name]


def file_of(release: DatasetRelease, name: str) -> Path:
    """One file of a release, by the name that its manifest gives it and by no other."""
    folder = folder_of(release)
    sha256_of(release, name)
    return folder / name
