"""API of a person's topics and daily limit."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotations.api import openapi_examples
from annotations.permissions import JUDGE
from annotations.queries import load
from annotations.queries import topics as queries
from annotations.rules.topics import Choice
from annotations.serializers import judging as serializers
from annotations.services import care_choices
from codesign.accounts.api import ApiView
from codesign.accounts.rules import TokenScope
from codesign.studies.models import Member
from codesign.studies.permissions import member_with


class TopicsView(ApiView):
    """What the person wants of each topic, and how much they read on one day."""

    permission = JUDGE
    scope = TokenScope.JUDGE

    @extend_schema(
        operation_id="topics_retrieve",
        examples=openapi_examples.TOPICS,
        responses={200: serializers.CareChoicesSerializer},
    )
    def get(self, request: Request, slug: str) -> Response:
        """Return the choice for each topic of the study's prompts. Without one, it is `fine`.

        The topics with the heaviest texts come first. Leasing does not ask for choices: a client
        that shows texts to people should let them choose before the first one.
        """
        return Response(self._shown(member_with(self.actor, JUDGE, slug=slug)))

    @extend_schema(
        operation_id="topics_choose",
        examples=openapi_examples.CHOOSE,
        request=serializers.ChooseSerializer,
        responses={200: serializers.CareChoicesSerializer},
    )
    def put(self, request: Request, slug: str) -> Response:
        """Store choices: `never`, `ask` (a note before the text) or `fine`.

        Topics that you do not name keep their choice. An assignment with a topic that is now
        `never` is returned.
        """
        wanted = self.sent(serializers.ChooseSerializer)
        member = member_with(self.actor, JUDGE, slug=slug)
        care_choices.choose(
            actor=self.actor,
            slug=slug,
            choices={one["topic"]: one["choice"] for one in wanted.get("choices", [])},
            minutes=wanted["minutes"] if "minutes" in wanted else load.own_minutes(member),
        )
        return Response(self._shown(member))

    def _shown(self, member: Member) -> dict[str, Any]:
        chosen = queries.choices_of(actor=self.actor, member=member)
        return {
            "choices": [
                {"topic": one.topic, "choice": chosen.get(one.topic, Choice.FINE)}
                for one in queries.topics_of(study_id=member.study_id)
            ],
            "minutes": load.own_minutes(member),
            "study_minutes": load.study_minutes(member),
        }
