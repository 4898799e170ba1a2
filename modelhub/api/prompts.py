"""API views to list prompts, and to import them by the same rules as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotations.queries import listing
from codesign.accounts.rules import TokenScope
from codesign.shared.errors import Invalid, TooLarge
from codesign.shared.pagination import Pages
from codesign.shared.parsers import (
    CsvFile,
    ExcelFile,
    GzipFile,
    JsonLinesFile,
    LongJSONParser,
    ParquetFile,
    TsvFile,
    ZstdFile,
)
from codesign.studies.api import InStudyView
from codesign.studies.models import Study
from modelhub.api import openapi_examples
from modelhub.filters import ImportParameters, PromptFilter
from modelhub.models import Upload
from modelhub.permissions import IMPORT
from modelhub.queries.sources import sources_of
from modelhub.rules.import_choices import Options, Unknown, read_options
from modelhub.rules.imports import AT_ONCE_ROWS, MOST_BYTES
from modelhub.rules.mapping import OURS
from modelhub.rules.raw_rows import rows_of_body
from modelhub.serializers import prompts as serializers
from modelhub.services import api_imports, imports
from modelhub.services.import_options import rows_here
from modelhub.services.imports import ImportReport

FILES = {
    JsonLinesFile.media_type: OpenApiTypes.STR,
    CsvFile.media_type: OpenApiTypes.STR,
    TsvFile.media_type: OpenApiTypes.STR,
    ParquetFile.media_type: OpenApiTypes.BINARY,
    ExcelFile.media_type: OpenApiTypes.BINARY,
    GzipFile.media_type: OpenApiTypes.BINARY,
    ZstdFile.media_type: OpenApiTypes.BINARY,
}
LOCATION = OpenApiParameter(
    "Location",
    OpenApiTypes.URI_REF,
    OpenApiParameter.HEADER,
    description="The address of the import, to read its progress.",
    response=[202],
)


class PromptPages(Pages):
    """Pages of prompts, ordered by external id."""

    ordering = ("external_id",)


class PromptsView(InStudyView):
    """A study's prompts."""

    permission = IMPORT
    scope = TokenScope.PROMPTS
    pagination_class = PromptPages
    parameters = {"GET": PromptFilter, "POST": ImportParameters}  # noqa: RUF012
    parser_classes = (
        LongJSONParser,
        JsonLinesFile,
        CsvFile,
        TsvFile,
        ParquetFile,
        ExcelFile,
        GzipFile,
        ZstdFile,
    )
    max_body = 20_000_000
    """Bytes of a JSON body, which is parsed at once. Files may be larger."""
    max_file = MOST_BYTES

    @extend_schema(
        operation_id="prompts_list",
        examples=openapi_examples.PROMPTS,
        responses={200: serializers.StudyPromptSerializer(many=True)},
    )
    def get(self, request: Request, slug: str) -> Response:
        """List all prompts of a study, including held-out and withdrawn ones, by external id."""
        study = self.study(slug)
        sources = sources_of(actor=self.actor, study=study, asked=self.asked)
        prompts = listing.prompts(study_id=study.id, asked=self.asked, sources=sources)
        return self.page(prompts, serializers.StudyPromptSerializer)

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
        """Import prompts, with or without responses: all of them, or none.

        Send JSON (an object with `prompts`, or the list alone), or a file as for `import_prompts`:
        JSON Lines, CSV, TSV, Parquet, the first sheet of an Excel file, or one of these packed with
        gzip or Zstandard. Errors in rows are listed by line in `fields.rows`; rows of a JSON body
        count from 1. `notes` says what of the file was left out.

        More than 1,000 rows or 4 MB are imported in the background: the answer is 202, and
        `Location` is the address of the import, which lists errors in `problems`. The same body
        sent again returns the same import until that has ended. After that it changes nothing,
        because all prompts exist already.

        Files of other tools are recognised (see the data formats). `map=OURS=THEIRS` names a
        column of the file for one of ours, `choose=KIND=WHAT` chooses what is done with turns and
        texts of a kind; both can be repeated. Both are kept for the study's next file with the
        same columns. `source` names where ranks, scores and spans were made.

        With `check=true` nothing is imported. The answer is 200 and shows what an import would
        do, including the split groups: how many prompts each row would join, and how many would
        be held out because of it. A check takes at most 1,000 rows or 4 MB.
        """
        study, options = self.study(slug), self._options()
        if self.asked["check"]:
            report = self._checked(study, request.data, options)
            return Response(serializers.ImportCheckSerializer(report).data)
        result = self._imported(study, request.data, options)
        if isinstance(result, ImportReport):
            return Response(serializers.ImportReportSerializer(result).data, status=201)
        address = reverse("api-import", kwargs={"slug": slug, "import_id": result.id})
        return Response(
            serializers.ImportSerializer(result).data, status=202, headers={"Location": address}
        )

    def _options(self) -> Options | None:
        try:
            return read_options(
                map_=self.asked["map"],
                choose=self.asked["choose"],
                columns=OURS,
                source=self.asked["source"],
            )
        except Unknown as unknown:
            raise Invalid(str(unknown), {unknown.about: [str(unknown)]}) from unknown

    def _checked(self, study: Study, body: object, options: Options | None) -> ImportReport:
        how: dict[str, Any] = {"actor": self.actor, "study": study}
        if isinstance(body, Path):
            try:
                return api_imports.check_file(**how, path=body, options=options)
            finally:
                body.unlink()
        rows = self._rows(body)
        if len(rows) > AT_ONCE_ROWS:
            raise TooLarge(str(api_imports.TOO_MUCH_TO_CHECK))
        return imports.check_rows(**how, rows=rows_here(study=study, rows=rows, options=options))

    def _rows(self, body: object) -> list[Any]:
        if not body:
            raise Invalid(_("The body is empty. Please send a row for each prompt."))
        rows = rows_of_body(body)
        if rows is None:
            sentence = _("Please send an object with a list of rows called “prompts”.")
            raise Invalid(sentence, {"prompts": [sentence]})
        return rows

    def _imported(
        self, study: Study, body: object, options: Options | None
    ) -> ImportReport | Upload:
        how: dict[str, Any] = {
            "actor": self.actor,
            "study": study,
            "options": options,
            "skip_bad": self.asked["skip_bad"],
        }
        if isinstance(body, Path):
            try:
                return api_imports.take_file(path=body, **how)
            finally:
                body.unlink()
        rows = self._rows(body)
        if len(rows) > AT_ONCE_ROWS:
            return api_imports.take_rows(rows=rows, **how)
        here = rows_here(study=study, rows=rows, options=options)
        return api_imports.import_now(rows=here, **how)
