"""A prompt and its judgements as the database returns them: JSON, a line for each row.

The lines are hashed as they came and parsed once, which is faster than building rows in SQL columns
and serialising them again for the hash.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from typing import Any, NamedTuple

from annotations.datasets.policy.snapshot import (
    FlagSnapshot,
    HarmReport,
    ImportedSnapshot,
    JudgedPrompt,
    JudgementSnapshot,
    PromptSnapshot,
    ResponseSnapshot,
    RewriteSnapshot,
)
from annotations.registry import ModelName

NEW_LINE = "\n"
"""JSON never contains one inside a value, so it separates the rows."""


class JudgedPromptJson(NamedTuple):
    """The JSON of a `JudgedPrompt`: lines in the order of their ids, each an array of fields.

    The last field of a response is its source; the model is looked up by it.
    """

    prompt: str
    responses: str
    judgements: str | None
    rewrites: str | None = None
    flags: str | None = None
    harm_reports: str | None = None
    imported: str | None = None

    def values(self) -> list[Any]:
        """Everything as plain values, for `parse`."""
        arrays = (f"[{(lines or '').replace(NEW_LINE, ',')}]" for lines in self[1:])
        values: list[Any] = json.loads(f"[{self.prompt},{','.join(arrays)}]")
        return values

    def hashed_lines(
        self,
        judged_prompt: JudgedPrompt,
        eligible: Sequence[JudgementSnapshot],
        imported: Sequence[ImportedSnapshot],
    ) -> bytes:
        """The lines that a release with these judgements, and imported ones, depends on.

        They are the prompt, the responses shown, the rewrites, every flag and every “all could do
        harm”, whatever its author consents to. Other responses are left out: they may still be
        written, or be shown to other people only.
        """
        ids = {judgement.id for judgement in eligible}
        reports: list[JudgementSnapshot | HarmReport] = [
            judgement
            for judgement in judged_prompt.judgements
            if judgement.all_harmful and judgement.id not in ids
        ]
        reports += judged_prompt.harm_reports
        harm_reports = sorted(
            json.dumps([report.role, sorted(report.order_shown)]) for report in reports
        )
        shown = {response for judgement in eligible for response in judgement.order_shown}
        shown.update(flag.response_id for flag in judged_prompt.flags)
        shown.update(one.response_id for one in imported)
        sections = [
            [self.prompt],
            _lines(self.responses, (one in shown for one in judged_prompt.responses)),
            _lines(self.judgements, (one.id in ids for one in judged_prompt.judgements)),
            _lines(self.rewrites, (one.judgement_id in ids for one in judged_prompt.rewrites)),
            [self.flags or ""],
        ]
        if harm_reports:
            sections.append(harm_reports)
        if imported:
            sections.append(json.dumps(one) for one in imported)
        return "\n\n".join("\n".join(lines) for lines in sections).encode() + b"\n"


def _lines(lines: str | None, wanted: Iterable[bool]) -> Iterable[str]:
    return compress((lines or "").split(NEW_LINE), wanted)


def parse(values: Sequence[Any], models: Mapping[str, ModelName]) -> JudgedPrompt:
    """The snapshots from `JudgedPromptJson.values`; `models` has the model of each source."""
    prompt, responses, judgements, rewrites, flags, harm_reports, imported = values
    snapshot = PromptSnapshot(*prompt)
    messages = [{"role": m["role"], "content": m["content"]} for m in snapshot.messages]
    return JudgedPrompt(
        snapshot._replace(messages=messages),
        {row[0]: ResponseSnapshot._make([*row[:-1], models[row[-1]]]) for row in responses},
        [*map(JudgementSnapshot._make, judgements)],
        [*map(RewriteSnapshot._make, rewrites)],
        [*map(FlagSnapshot._make, flags)],
        [*map(HarmReport._make, harm_reports)],
        [*map(ImportedSnapshot._make, imported)],
    )
