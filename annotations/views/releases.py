"""Dataset releases: the list, asking for one, one of them, its files."""

from __future__ import annotations

import mimetypes
import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotations.datasets.plumbing.manifest import MANIFEST
from annotations.forms.releases import ReleaseForm
from annotations.models import DatasetRelease
from annotations.permissions import (
    CLEAR_TEXTS,
    DOWNLOAD_RELEASES,
    REQUEST_RELEASE,
    SEE_GROUPS,
    SEE_RELEASES,
)
from annotations.queries import recipients as recipient_queries
from annotations.queries import releases as queries
from annotations.queries import text_checks
from annotations.registry import uses_of
from annotations.rules.releases import LISTED, DropReason, drop_reason_text, use_text
from annotations.rules.states import FROZEN_RELEASES, UNFINISHED_RELEASES, ReleaseState
from annotations.services import recipients, releases
from codesign.jobs.pages import ProgressCard, card_of, progress_part
from codesign.shared.downloads import as_tar, send_file
from codesign.studies.permissions import StudyRequest, page

RELEASES_A_PAGE = 25
LISTED_SAYS = {
    DropReason.CONTESTED: gettext_lazy(
        "Contested: the cohorts want opposite things, and the votes of both sides are clear (their"
        " 90% interval excludes one half). Three people who all agree are clear."
    ),
    DropReason.UNDECIDED: gettext_lazy(
        "Undecided: the cohorts lean to opposite sides, and one side has fewer than three votes."
        " So few are never clear. More judgements of that cohort can settle it."
    ),
    DropReason.CYCLE: gettext_lazy(
        "In a circle: of three or more replies, people prefer the first to the second, the second"
        " to the third and the third to the first."
    ),
}


@page(SEE_RELEASES)
@never_cache
@require_safe
def listed(request: StudyRequest, slug: str) -> HttpResponse:
    """Every release, newest first."""
    found = Paginator(queries.releases_of(study=request.member.study), RELEASES_A_PAGE).get_page(
        request.GET.get("page")
    )
    seen = {
        "page": found,
        "rows": [{"release": release, "use": use_text(release.purpose)} for release in found],
        "may_ask": request.member.has_role(*REQUEST_RELEASE.roles),
        "may_see_groups": request.member.has_role(*SEE_GROUPS.roles),
    }
    if request.member.has_role(*CLEAR_TEXTS.roles):
        seen["uncleared"] = text_checks.how_many_wait(study_id=request.member.study_id)
    return render(request, "annotations/releases.html", seen)


@page(REQUEST_RELEASE)
@never_cache
@require_http_methods(["GET", "POST"])
def ask(request: StudyRequest, slug: str) -> HttpResponse:
    """Choose what it is for; a worker builds it."""
    form = ReleaseForm(request.POST or None)
    if form.is_bound and form.is_valid():
        release = releases.request_release(
            actor=request.actor,
            study=request.member.study,
            purpose=form.cleaned_data["purpose"],
            least=form.least(),
        )
        messages.success(request, _("The release is being built."))
        return redirect("annotations:release", slug=slug, release_id=release.id)
    status = 400 if form.errors else 200
    return render(request, "annotations/release_ask.html", {"form": form}, status=status)


@page(SEE_RELEASES)
@never_cache
@require_safe
def one(request: StudyRequest, slug: str, release_id: uuid.UUID) -> HttpResponse:
    """What is in a release, what stayed out, and its files; before that, how far it is."""
    release = queries.release_in(study=request.member.study, release_id=release_id)
    seen: dict[str, Any] = {
        "release": release,
        "use": use_text(release.purpose),
        "waits": release.state in UNFINISHED_RELEASES,
        "may_download": release.state == ReleaseState.FROZEN
        and request.member.has_role(*DOWNLOAD_RELEASES.roles),
    }
    if seen["waits"]:
        seen["job"] = _job(request, release)
    if release.state in FROZEN_RELEASES:
        seen |= _said(release)
        seen["may_clear"] = request.member.has_role(*CLEAR_TEXTS.roles) and any(
            DropReason.UNCLEARED_TEXT in reasons for reasons in release.manifest["dropped"].values()
        )
        seen["card"] = queries.card_of(release)
        seen["advice"] = queries.loading_advice(release)
        seen["uses"] = uses_of([release.id])
    if release.state == ReleaseState.SUPERSEDED:
        seen["taken"] = recipient_queries.has_taken(actor=request.actor, release=release)
        seen["gone"] = recipient_queries.has_acknowledged(actor=request.actor, release=release)
    return render(request, "annotations/release.html", seen)


@page(SEE_RELEASES)
@never_cache
@require_safe
def progress(request: StudyRequest, slug: str, release_id: uuid.UUID) -> HttpResponse:
    """How far the making is; loads the page anew once there is an end."""
    release = queries.release_in(study=request.member.study, release_id=release_id)
    goes_on = release.state in UNFINISHED_RELEASES
    return progress_part(request, _job(request, release) if goes_on else None)


def _job(request: StudyRequest, release: DatasetRelease) -> ProgressCard:
    """How far the making is, and a way to stop it."""
    where = {"slug": request.member.study.slug, "release_id": release.id}
    job = queries.job_of_release(release_id=release.id)
    may_cancel = request.member.has_role(*REQUEST_RELEASE.roles)
    return card_of(
        job,
        title=_("Making the release"),
        running=_("writing the files") if job.total else _("reading what may be in it"),
        poll_url=reverse("annotations:release-progress", kwargs=where),
        cancel_url=reverse("annotations:release-cancel", kwargs=where) if may_cancel else "",
    )


@page(REQUEST_RELEASE)
@require_POST
def cancel(request: StudyRequest, slug: str, release_id: uuid.UUID) -> HttpResponse:
    """Stop the making of a release."""
    release = queries.release_in(study=request.member.study, release_id=release_id)
    releases.cancel(actor=request.actor, release=release)
    messages.success(request, _("The making of the release is cancelled."))
    return redirect("annotations:release", slug=slug, release_id=release.id)


@page(DOWNLOAD_RELEASES)
@require_POST
def acknowledge(request: StudyRequest, slug: str, release_id: uuid.UUID) -> HttpResponse:
    """Say that one's copy of a superseded release is deleted."""
    release = queries.release_in(study=request.member.study, release_id=release_id)
    recipients.acknowledge(actor=request.actor, release=release)
    messages.success(request, _("Thank you. It is noted that your copy is deleted."))
    return redirect("annotations:release", slug=slug, release_id=release.id)


def _said(release: DatasetRelease) -> dict[str, Any]:
    """The manifest as tables that people read."""
    manifest = release.manifest
    listed = manifest.get("listed", {DropReason.CONTESTED: manifest.get("contested", 0)})
    itself: dict[str, Any] = {"path": MANIFEST, "sha256": release.manifest_sha256}
    itself["bytes"] = queries.file_of(release, MANIFEST).stat().st_size
    splits = ("train", "validation", "test")
    return {
        "config_columns": [{"label": _("Part")}]
        + [{"label": label, "number": True} for label in (_("train"), _("validation"), _("test"))],
        "config_rows": [
            [config, *(rows.get(split, 0) for split in splits)]
            for config, rows in manifest["rows"].items()
        ],
        "dropped_columns": [
            {"label": _("Why")},
            {"label": _("Part")},
            {"label": _("Rows"), "number": True},
        ],
        "dropped_rows": [
            [drop_reason_text(reason), config, count]
            for config, reasons in manifest["dropped"].items()
            for reason, count in reasons.items()
        ],
        "listed_columns": [
            {"label": _("Pairs that are listed in contested.jsonl")},
            {"label": _("Lines"), "number": True},
        ],
        "listed_rows": [[LISTED_SAYS[why], listed[why]] for why in LISTED if why in listed],
        "files": [itself, *manifest["files"]],
        "people": [
            (cohort.replace("_", " "), found["people"])
            for cohort, found in manifest["people"].items()
        ],
    }


@page(DOWNLOAD_RELEASES)
@never_cache
@require_safe
def everything(request: StudyRequest, slug: str, release_id: uuid.UUID) -> HttpResponse:
    """All files in their folders, as one archive: unpacked, `load_dataset` reads it as it is."""
    release = queries.release_in(study=request.member.study, release_id=release_id)
    files = recipients.open_all(actor=request.actor, release=release, taken=request.method == "GET")
    name = f"{slug}-{release.number}"
    answer = StreamingHttpResponse(as_tar(name, files), content_type="application/x-tar")
    answer["Content-Disposition"] = content_disposition_header(True, f"{name}.tar")
    return answer  # type: ignore[return-value]  # a page may stream, its type says not


@page(DOWNLOAD_RELEASES)
@never_cache
@require_safe
def file(request: StudyRequest, slug: str, release_id: uuid.UUID, name: str) -> HttpResponse:
    """One file, streamed, or a range of it; who took it is written down."""
    release = queries.release_in(study=request.member.study, release_id=release_id)
    opened = recipients.open_file(
        actor=request.actor, release=release, name=name, taken=request.method == "GET"
    )
    kind = "text/markdown" if name.endswith(".md") else mimetypes.guess_type(name)[0]
    return send_file(  # type: ignore[return-value]  # a page may stream, its type says not
        request,
        opened.path,
        sha256=opened.sha256,
        content_type=kind or "application/octet-stream",
        filename=f"{slug}-{release.number}-{name.replace('/', '-')}",
    )
