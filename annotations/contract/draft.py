"""The schema of a draft in the API. `UncheckedSubmission.as_draft` reads drafts."""

from __future__ import annotations

from typing import Any

from pydantic import JsonValue, create_model

from annotations.contract.parts import Part
from annotations.contract.submission import Submission

_FIELDS: dict[str, Any] = dict.fromkeys(Submission.model_fields, (JsonValue, None))

SubmissionDraft = create_model(
    "SubmissionDraft",
    __base__=Part,
    __doc__="Any part of a submission, in any state; values are kept as they were sent.",
    **_FIELDS,
)
