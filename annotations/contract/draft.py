"""The draft of a submission: any part of it, however far it is."""

from __future__ import annotations

from pydantic import ConfigDict, JsonValue, create_model

from annotations.contract.parts import Part
from annotations.contract.submission import Submission


class _AnyPart(Part):
    """Any part of a submission; what a field holds is kept as it was sent."""

    model_config = ConfigDict(title="SubmissionDraft")


SubmissionDraft = create_model(
    "SubmissionDraft",
    __base__=_AnyPart,
    __doc__=_AnyPart.__doc__,
    **dict.fromkeys(Submission.model_fields, (JsonValue, None)),
)
