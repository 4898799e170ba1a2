"""Config `imported`: ranks, scores, labels and spans that came with an import, with their source.

They were made elsewhere, and do not influence the records of other configs (decision 43).
"""

from __future__ import annotations

from collections.abc import Iterator

from annotations.datasets.policy.eligibility import Eligibility
from annotations.datasets.policy.pseudonyms import shared_record_id
from annotations.datasets.policy.record_fields import Record
from annotations.datasets.policy.snapshot import ImportedSnapshot, JudgedPrompt, ReleaseTerms
from annotations.rules.releases import DropReason
from annotations.rules.states import ReleasePurpose


def imported_in(
    judged_prompt: JudgedPrompt, terms: ReleaseTerms
) -> Iterator[tuple[ImportedSnapshot, DropReason | None]]:
    """What was imported about a prompt, and the reason against it, if any.

    A public release contains none of it, because its licence is unknown.
    """
    if not judged_prompt.imported or terms.purpose == ReleasePurpose.PUBLICATION:
        return
    eligibility = Eligibility(judged_prompt, terms)
    for one in judged_prompt.imported:
        reason = eligibility.prompt_drop_reason
        yield one, reason or eligibility.response_drop_reason(one.response_id)


def imported_record(judged_prompt: JudgedPrompt, one: ImportedSnapshot) -> Record:
    """The row of one statement. Only a span has `start` and `end`, only a label has `label`."""
    some = {"label": one.label, "start": one.start, "end": one.end}
    return {
        "record_id": shared_record_id("imported", *map(str, one)),
        "prompt_id": judged_prompt.prompt.id,
        "response_id": one.response_id,
        "source": one.source,
        "rater": one.rater,
        "kind": one.kind,
        "criterion": one.criterion,
        "value": float(one.value),
        **{name: value for name, value in some.items() if value not in ("", None)},
    }
