"""API of dataset releases, with the same services as the pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotations.api import openapi_examples
from annotations.filters import ReleaseFilter
from annotations.permissions import DOWNLOAD_RELEASES, SEE_RELEASES
from annotations.queries import releases as queries
from annotations.rules.releases import LeastAsked
from annotations.serializers import releases as serializers
from annotations.services import recipients, releases
from codesign.accounts.api import id_of
from codesign.accounts.rules import TokenScope
from codesign.shared.access import Permission
from codesign.shared.downloads import send_file
from codesign.shared.pagination import Pages
from codesign.shared.serializers import refused
from codesign.studies.api import InStudyView

RANGE = "One range of bytes, such as `bytes=1000-` to resume a download."


class ReleasePages(Pages):
    """Newest first."""

    ordering = ("-number",)


class ReleaseView(InStudyView):
    """Base of the views of releases."""

    permission: Permission = SEE_RELEASES
    scope = TokenScope.RELEASES


class ReleasesView(ReleaseView):
    """The releases of a study."""

    pagination_class = ReleasePages
    parameters = {"GET": ReleaseFilter}  # noqa: RUF012

    @extend_schema(
        operation_id="releases_list",
        examples=openapi_examples.ONE_RELEASE,
        responses={200: serializers.ReleaseSerializer(many=True)},
    )
    def get(self, request: Request, slug: str) -> Response:
        """List all releases, newest first."""
        matching = queries.releases_matching(study=self.study(slug), asked=self.asked)
        return self.page(matching, serializers.ReleaseSerializer)

    @extend_schema(
        operation_id="releases_request",
        examples=openapi_examples.RELEASES,
        request=serializers.ReleaseRequestSerializer,
        responses={201: serializers.ReleaseSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Request a release. A worker builds it; its state shows when it is frozen."""
        study = self.study(slug)
        wanted = self.sent(serializers.ReleaseRequestSerializer)
        made = releases.request_release(
            actor=self.actor,
            study=study,
            purpose=wanted["purpose"],
            least=LeastAsked(wanted["least_p"], wanted["least_margin"], wanted["least_median"]),
        )
        release = queries.release_in(study=study, release_id=made.id)
        return Response(serializers.ReleaseSerializer(release).data, status=201)


class OneReleaseView(ReleaseView):
    """One release."""

    @extend_schema(
        operation_id="releases_retrieve",
        examples=openapi_examples.ONE_RELEASE,
        responses={200: serializers.ReleaseSerializer},
    )
    def get(self, request: Request, slug: str, release_id: str) -> Response:
        """Return the state of a release, and the manifest once it is frozen."""
        release = queries.release_in(study=self.study(slug), release_id=id_of(release_id))
        return Response(serializers.ReleaseSerializer(release).data)


class FileView(ReleaseView):
    """One file of a release."""

    permission = DOWNLOAD_RELEASES

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Return the file in its own format, whatever the Accept header says."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(
        operation_id="releases_file",
        parameters=[OpenApiParameter("Range", str, OpenApiParameter.HEADER, description=RANGE)],
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
            **refused(410, 416),
        },
    )
    def get(self, request: Request, slug: str, release_id: str, path: str) -> HttpResponseBase:
        """Download a file; `path` is one of the paths in the manifest.

        A request can ask for one range of bytes. The ETag is the SHA-256 from the manifest, for use
        in If-Range.
        """
        release = queries.release_in(study=self.study(slug), release_id=id_of(release_id))
        opened = recipients.open_file(
            actor=self.actor, release=release, name=path, taken=request.method == "GET"
        )
        return send_file(
            request, opened.path, sha256=opened.sha256, content_type="application/octet-stream"
        )
