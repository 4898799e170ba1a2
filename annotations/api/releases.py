"""The API of dataset releases; the same services as the pages."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import serializers
from annotations.api.common import REFUSED, ActorView, public_id
from annotations.permissions import DOWNLOAD_RELEASES, SEE_RELEASES
from annotations.queries import releases as queries
from annotations.services import releases
from codesign.accounts.rules import TokenScope
from codesign.shared.access import Permission
from codesign.studies.models import Study
from codesign.studies.permissions import member_with


class ReleasePages(CursorPagination):
    """Newest first."""

    page_size = 50
    ordering = "-number"


class ReleaseView(ActorView):
    """What the views of releases share."""

    permission: Permission = SEE_RELEASES
    scope = TokenScope.RELEASES

    def study(self, slug: str) -> Study:
        """The study, for whoever holds the permission there."""
        return member_with(self.actor, self.permission, slug=slug).study


class ReleasesView(ReleaseView):
    """A study's releases."""

    @extend_schema(
        operation_id="releases_list",
        responses={200: serializers.ReleaseSerializer(many=True), 403: REFUSED, 404: REFUSED},
    )
    def get(self, request: Request, slug: str) -> Response:
        """Every release, newest first."""
        pages = ReleasePages()
        found = pages.paginate_queryset(queries.releases_of(study=self.study(slug)), request, self)
        return pages.get_paginated_response(serializers.ReleaseSerializer(found, many=True).data)

    @extend_schema(
        operation_id="releases_request",
        request=serializers.ReleaseRequestSerializer,
        responses={
            201: serializers.ReleaseSerializer,
            400: REFUSED,
            403: REFUSED,
            404: REFUSED,
        },
    )
    def post(self, request: Request, slug: str) -> Response:
        """Ask for a release; a worker builds it, and its state says when it is frozen."""
        wanted = serializers.ReleaseRequestSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        made = releases.request_release(
            actor=self.actor, study=self.study(slug), purpose=wanted.validated_data["purpose"]
        )
        return Response(serializers.ReleaseSerializer(made).data, status=201)


class OneReleaseView(ReleaseView):
    """One release."""

    @extend_schema(
        operation_id="releases_retrieve",
        responses={200: serializers.ReleaseSerializer, 403: REFUSED, 404: REFUSED},
    )
    def get(self, request: Request, slug: str, release_id: str) -> Response:
        """Its state, and once it is frozen its manifest."""
        found = queries.release_in(study=self.study(slug), release_id=public_id(release_id))
        return Response(serializers.ReleaseSerializer(found).data)


class FileView(ReleaseView):
    """One file of a release."""

    permission = DOWNLOAD_RELEASES

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """A file comes as it is, whatever the client says that it accepts."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(
        operation_id="releases_file",
        responses={200: OpenApiTypes.BINARY, 403: REFUSED, 404: REFUSED, 410: REFUSED},
    )
    def get(self, request: Request, slug: str, release_id: str, path: str) -> FileResponse:
        """The file's bytes; `path` is one of those in the manifest."""
        found = queries.release_in(study=self.study(slug), release_id=public_id(release_id))
        opened = releases.open_file(actor=self.actor, release=found, name=path)
        return FileResponse(opened.open("rb"), content_type="application/octet-stream")
