"""A study's prompts: listed, and taken in by the same rules as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotations.queries import listing
from codesign.accounts.rules import TokenScope
from codesign.shared.errors import Invalid, TooLarge
from codesign.shared.pagination import Pages
from codesign.shared.parsers import CsvFile, JsonLinesFile, LongJSONParser, ParquetFile
from codesign.studies.api import InStudyView
from codesign.studies.models import Study
from modelhub.api import openapi_examples
from modelhub.filters import ImportParameters, PromptFilter
from modelhub.models import Upload
from modelhub.permissions import IMPORT
from modelhub.queries.sources import sources_of
from modelhub.rules.imports import AT_ONCE_ROWS, MOST_BYTES
from modelhub.serializers import prompts as serializers
from modelhub.services import api_imports, imports
from modelhub.services.imports import ImportReport

FILES = {
    JsonLinesFile.media_type: OpenApiTypes.STR,
    CsvFile.media_type: OpenApiTypes.STR,
    ParquetFile.media_type: OpenApiTypes.BINARY,
}
LOCATION = OpenApiParameter(
    "Location",
    OpenApiTypes.URI_REF,
    OpenApiParameter.HEADER,
    description="Where the import can be followed.",
    response=[202],
)


class PromptPages(Pages):
    """By external id."""

    ordering = ("external_id",)


class PromptsView(InStudyView):
    """A study's prompts."""

    permission = IMPORT
    scope = TokenScope.PROMPTS
    pagination_class = PromptPages
    parameters = {"GET": PromptFilter, "POST": ImportParameters}  # noqa: RUF012
    parser_classes = (LongJSONParser, JsonLinesFile, CsvFile, ParquetFile)
    max_body = 20_000_000
    """Bytes of a JSON body, which is parsed as a whole; files may be larger."""
    max_file = MOST_BYTES

    @extend_schema(
        operation_id="prompts_list",
        examples=openapi_examples.PROMPTS,
        responses={200: serializers.StudyPromptSerializer(many=True)},
    )
    def get(self, request: Request, slug: str) -> Response:
        """Every prompt, held-out and pulled ones too, by external id."""
        study = self.study(slug)
        sources = sources_of(actor=self.actor, study=study, asked=self.asked)
        found = listing.prompts(study_id=study.id, asked=self.asked, sources=sources)
        return self.page(found, serializers.StudyPromptSerializer)

    @extend_schema(
        operation_id="prompts_import",
        examples=openapi_examples.IMPORT,
        parameters=[LOCATION],
        request={"application/json": serializers.PromptRowsSerializer, **FILES},
        responses={
            200: serializers.ImportCheckSerializer,
            201: serializers.ImportReportSerializer,
            202: serializers.ImportSerializer,
        },
    )
    def post(self, request: Request, slug: str) -> Response:
        """Take in prompts, with or without responses: all of them, or none.

        As JSON, or as the very file that `import_prompts` takes (JSONL, CSV, Parquet). What is
        wrong with a row is said at `fields.rows`, by its line; rows of JSON count from 1.

        More than 1,000 rows or 4 MB are taken by a worker: the answer is 202 and `Location` says
        where the import can be followed, with what is wrong with a row at `problems`. The very
        same sent again leads to the same import until that has ended; after that it changes
        nothing, as every prompt is there already.

        With `check=true` the answer is 200 and says what would come of it: how many prompts each
        row would be tied to, and how many would be held out through it. That takes at most 1,000
        rows or 4 MB.
        """
        study = self.study(slug)
        if self.asked["check"]:
            found = self._checked(study, request.data)
            return Response(serializers.ImportCheckSerializer(found).data)
        came = self._imported(study, request.data, skip_bad=self.asked["skip_bad"])
        if isinstance(came, ImportReport):
            return Response(serializers.ImportReportSerializer(came).data, status=201)
        where = {"Location": reverse("api-import", kwargs={"slug": slug, "import_id": came.id})}
        return Response(serializers.ImportSerializer(came).data, status=202, headers=where)

    def _checked(self, study: Study, body: object) -> ImportReport:
        if isinstance(body, Path):
            try:
                return api_imports.check_file(actor=self.actor, study=study, path=body)
            finally:
                body.unlink()
        rows = self._rows(body)
        if len(rows) > AT_ONCE_ROWS:
            raise TooLarge(api_imports.TOO_MUCH_TO_CHECK)
        return imports.check_rows(actor=self.actor, study=study, rows=enumerate(rows, 1))

    def _rows(self, body: object) -> list[Any]:
        if not body:
            raise Invalid("The body is empty. Please send a row for each prompt.")
        if not isinstance(body, dict) or not isinstance(body.get("prompts"), list):
            sentence = "Please send an object with a list of rows."
            raise Invalid(sentence, {"prompts": [sentence]})
        return list(body["prompts"])

    def _imported(self, study: Study, body: object, *, skip_bad: bool) -> ImportReport | Upload:
        if isinstance(body, Path):
            try:
                return api_imports.take_file(
                    actor=self.actor, study=study, path=body, skip_bad=skip_bad
                )
            finally:
                body.unlink()
        rows = self._rows(body)
        if len(rows) > AT_ONCE_ROWS:
            return api_imports.take_rows(
                actor=self.actor, study=study, rows=rows, skip_bad=skip_bad
            )
        return imports.import_rows(
            actor=self.actor, study=study, rows=enumerate(rows, 1), skip_bad=skip_bad
        )
