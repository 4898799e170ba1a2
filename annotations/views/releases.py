"""Pages of dataset releases: list, request, progress, content and downloads."""

from __future__ import annotations

import mimetypes
import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
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
from codesign.shared.downloads import send_file, tar_response
from codesign.studies.permissions import StudyRequest, page

RELEASES_A_PAGE = 25
LISTED_SAYS = {
    DropReason.CONTESTED: gettext_lazy(
        "Contested: cohorts clearly prefer opposite replies. The 90% intervals of both sides"
        " exclude one half, as with three people who all agree."
    ),
    DropReason.UNDECIDED: gettext_lazy(
        "Undecided: cohorts prefer opposite replies, but one side has fewer than three votes, which"
        " are never clear. More judgements of that cohort can decide it."
    ),
    DropReason.CYCLE: gettext_lazy(
        "Cycle: of three or more replies, people prefer the first to the second, the second to the"
        " third, and the third to the first."
    ),
}


@page(SEE_RELEASES)
@never_cache
@require_safe
def listed(request: StudyRequest, slug: str) -> HttpResponse:
    """List all releases, newest first."""
    page = Paginator(queries.releases_of(study=request.member.study), RELEASES_A_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "page": page,
        "rows": [{"release": release, "use": use_text(release.purpose)} for release in page],
        "may_ask": request.member.has_role(*REQUEST_RELEASE.roles),
        "may_see_groups": request.member.has_role(*SEE_GROUPS.roles),
    }
    if request.member.has_role(*CLEAR_TEXTS.roles):
        context["uncleared"] = text_checks.how_many_wait(study_id=request.member.study_id)
    return render(request, "annotations/releases.html", context)


@page(REQUEST_RELEASE)
@never_cache
@require_http_methods(["GET", "POST"])
def ask(request: StudyRequest, slug: str) -> HttpResponse:
    """Show the form to request a release, which a worker builds."""
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
    """Show a release: progress, then content, what was left out, and files."""
    release = queries.release_in(study=request.member.study, release_id=release_id)
    context: dict[str, Any] = {
        "release": release,
        "use": use_text(release.purpose),
        "waits": release.state in UNFINISHED_RELEASES,
        "may_download": release.state == ReleaseState.FROZEN
        and request.member.has_role(*DOWNLOAD_RELEASES.roles),
    }
    if context["waits"]:
        context["job"] = _job(request, release)
    if release.state in FROZEN_RELEASES:
        context |= _tables_of(release)
        context["may_clear"] = request.member.has_role(*CLEAR_TEXTS.roles) and any(
            DropReason.UNCLEARED_TEXT in reasons for reasons in release.manifest["dropped"].values()
        )
        context["card"] = queries.card_of(release)
        context["advice"] = queries.loading_advice(release)
        context["uses"] = uses_of([release.id])
    if release.state == ReleaseState.SUPERSEDED:
        context["taken"] = recipient_queries.has_taken(actor=request.actor, release=release)
        context["gone"] = recipient_queries.has_acknowledged(actor=request.actor, release=release)
    return render(request, "annotations/release.html", context)


@page(SEE_RELEASES)
@never_cache
@require_safe
def progress(request: StudyRequest, slug: str, release_id: uuid.UUID) -> HttpResponse:
    """Return the progress of a build. The page reloads when it has ended."""
    release = queries.release_in(study=request.member.study, release_id=release_id)
    unfinished = release.state in UNFINISHED_RELEASES
    return progress_part(request, _job(request, release) if unfinished else None)


def _job(request: StudyRequest, release: DatasetRelease) -> ProgressCard:
    """Return the progress card of a build, with a button to cancel it."""
    where = {"slug": request.member.study.slug, "release_id": release.id}
    job = queries.job_of_release(release_id=release.id)
    may_cancel = request.member.has_role(*REQUEST_RELEASE.roles)
    return card_of(
        job,
        title=_("Building the release"),
        running=_("writing the files") if job.total else _("reading the judgements"),
        poll_url=reverse("annotations:release-progress", kwargs=where),
        cancel_url=reverse("annotations:release-cancel", kwargs=where) if may_cancel else "",
    )


@page(REQUEST_RELEASE)
@require_POST
def cancel(request: StudyRequest, slug: str, release_id: uuid.UUID) -> HttpResponse:
    """Cancel the building of a release."""
    release = queries.release_in(study=request.member.study, release_id=release_id)
    releases.cancel(actor=request.actor, release=release)
    messages.success(request, _("The release is cancelled."))
    return redirect("annotations:release", slug=slug, release_id=release.id)


@page(DOWNLOAD_RELEASES)
@require_POST
def acknowledge(request: StudyRequest, slug: str, release_id: uuid.UUID) -> HttpResponse:
    """Confirm that one's copy of a superseded release is deleted."""
    release = queries.release_in(study=request.member.study, release_id=release_id)
    recipients.acknowledge(actor=request.actor, release=release)
    messages.success(request, _("Thank you for confirming that your copy is deleted."))
    return redirect("annotations:release", slug=slug, release_id=release.id)


def _tables_of(release: DatasetRelease) -> dict[str, Any]:
    """Return the manifest as tables for the page."""
    manifest = release.manifest
    listed = manifest.get("listed", {DropReason.CONTESTED: manifest.get("contested", 0)})
    itself: dict[str, Any] = {"path": MANIFEST, "sha256": release.manifest_sha256}
    itself["bytes"] = queries.file_of(release, MANIFEST).stat().st_size
    splits = ("train", "validation", "test")
    return {
        "config_columns": [{"label": _("Config")}]
        + [{"label": label, "number": True} for label in (_("train"), _("validation"), _("test"))],
        "config_rows": [
            [config, *(rows.get(split, 0) for split in splits)]
            for config, rows in manifest["rows"].items()
        ],
        "dropped_columns": [
            {"label": _("Reason")},
            {"label": _("Config")},
            {"label": _("Rows"), "number": True},
        ],
        "dropped_rows": [
            [drop_reason_text(reason), config, count]
            for config, reasons in manifest["dropped"].items()
            for reason, count in reasons.items()
        ],
        "listed_columns": [
            {"label": _("Pairs listed in contested.jsonl")},
            {"label": _("Rows"), "number": True},
        ],
        "listed_rows": [[LISTED_SAYS[why], listed[why]] for why in LISTED if why in listed],
        "files": [itself, *manifest["files"]],
        "people": [
            (cohort.replace("_", " "), entry["people"])
            for cohort, entry in manifest["people"].items()
        ],
    }


@page(DOWNLOAD_RELEASES)
@never_cache
@require_safe
def everything(request: StudyRequest, slug: str, release_id: uuid.UUID) -> HttpResponse:
    """Download all files as one archive. After unpacking, `load_dataset` can read the folder."""
    release = queries.release_in(study=request.member.study, release_id=release_id)
    files = recipients.open_all(actor=request.actor, release=release, taken=request.method == "GET")
    return tar_response(  # type: ignore[return-value]  # a page may stream, its type says not
        f"{slug}-{release.number}", files
    )


@page(DOWNLOAD_RELEASES)
@never_cache
@require_safe
def file(request: StudyRequest, slug: str, release_id: uuid.UUID, name: str) -> HttpResponse:
    """Download a file or a range of it. The download is recorded."""
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
