"""What the views of the judging and of releases share."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import OpenApiResponse
from rest_framework.views import APIView

from annotations import serializers
from codesign.shared.actors import Actor
from codesign.shared.errors import NotFound

REFUSED = OpenApiResponse(serializers.ProblemSerializer, description="What is wrong, in words.")


class ActorView(APIView):
    """A view that knows who asks."""

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return Actor.of(self.request.user)  # type: ignore[arg-type]


def public_id(value: str) -> uuid.UUID:
    """An id from an address; what is none is found nowhere."""
    try:
        return uuid.UUID(value)
    except ValueError:
        raise NotFound from None
