"""A study's prompts: listed, and taken in by the same rules as files."""

from __future__ import annotations

from pathlib import Path

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotations.queries.prompts import prompts_of
from codesign.accounts.api import ApiView
from codesign.accounts.rules import TokenScope
from codesign.shared.errors import Invalid
from codesign.shared.pagination import Pages
from codesign.shared.parsers import CsvFile, JsonLinesFile, ParquetFile, SafeJSONParser
from codesign.studies.models import Study
from codesign.studies.permissions import member_with
from modelhub import serializers
from modelhub.api import examples
from modelhub.permissions import IMPORT
from modelhub.rules.imports import MOST_BYTES
from modelhub.services import imports
from modelhub.services.imports import ImportReport

SKIP_BAD = OpenApiParameter(
    "skip_bad",
    OpenApiTypes.BOOL,
    OpenApiParameter.QUERY,
    description="Leave out rows that cannot come in and list them, instead of taking none.",
)
FILES = {
    JsonLinesFile.media_type: OpenApiTypes.STR,
    CsvFile.media_type: OpenApiTypes.STR,
    ParquetFile.media_type: OpenApiTypes.BINARY,
}
YES, NO = ("true", "1"), ("false", "0", "")


class PromptPages(Pages):
    """By external id."""

    ordering = ("external_id",)


class PromptsView(ApiView):
    """A study's prompts."""

    permission = IMPORT
    scope = TokenScope.PROMPTS
    pagination_class = PromptPages
    parser_classes = (SafeJSONParser, JsonLinesFile, CsvFile, ParquetFile)
    max_body = 20_000_000
    """Bytes of a JSON body, which is held in memory; files may be larger."""
    max_file = MOST_BYTES

    def study(self, slug: str) -> Study:
        """The study, for whoever holds the permission there."""
        return member_with(self.actor, self.permission, slug=slug).study

    @extend_schema(
        operation_id="prompts_list",
        examples=examples.PROMPTS,
        responses={200: serializers.StudyPromptSerializer(many=True)},
    )
    def get(self, request: Request, slug: str) -> Response:
        """Every prompt, held-out and pulled ones too, by external id."""
        found = prompts_of(study_id=self.study(slug).id)
        return self.page(found, serializers.StudyPromptSerializer)

    @extend_schema(
        operation_id="prompts_import",
        examples=examples.IMPORT,
        parameters=[SKIP_BAD],
        request={"application/json": serializers.PromptRowsSerializer, **FILES},
        responses={201: serializers.ImportReportSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Take in prompts, with or without responses: all of them, or none.

        As JSON, or as the very file that `import_prompts` takes (JSONL, CSV, Parquet). What is
        wrong with a row is said at `fields.rows`, by its line; rows of JSON count from 1.
        """
        study = self.study(slug)
        asked = request.query_params.get("skip_bad", "").lower()
        if asked not in (*YES, *NO):
            raise Invalid("This is no yes or no.", {"skip_bad": ["Use true or false."]})
        report = self._imported(study, request.data, skip_bad=asked in YES)
        return Response(serializers.ImportReportSerializer(report).data, status=201)

    def _imported(self, study: Study, sent: object, *, skip_bad: bool) -> ImportReport:
        if isinstance(sent, Path):
            try:
                return imports.import_file(
                    actor=self.actor, study=study, path=sent, name="The file", skip_bad=skip_bad
                )
            finally:
                sent.unlink()
        if not sent:
            raise Invalid("The body is empty. Please send a row for each prompt.")
        if not isinstance(sent, dict) or not isinstance(sent.get("prompts"), list):
            sentence = "Please send an object with a list of rows."
            raise Invalid(sentence, {"prompts": [sentence]})
        return imports.import_rows(
            actor=self.actor,
            study=study,
            rows=enumerate(sent["prompts"], 1),
            skip_bad=skip_bad,
        )
