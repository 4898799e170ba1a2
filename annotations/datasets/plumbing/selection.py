"""What was selected from the database for a release, and the hash over it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from annotations.datasets.plumbing.snapshot_json import JudgedPromptJson
from annotations.datasets.policy.snapshot import (
    ImportedSnapshot,
    JudgedPrompt,
    JudgementSnapshot,
    ReleaseTerms,
)
from annotations.registry import ModelName


@dataclass(frozen=True, kw_only=True)
class Selection(ReleaseTerms):
    """Everything that a release is built from."""

    study: Mapping[str, str]
    """Its id, slug and title."""
    prompts: Iterable[JudgedPromptJson]
    """Every judged prompt, in the order of their ids; may be read once."""
    models: Mapping[str, ModelName]
    """Source of a response → the model that wrote it."""
    consent_versions: list[dict[str, Any]] = field(default_factory=list)


class SelectionHash:
    """SHA-256 over everything that a release depends on: same inputs, same hash.

    Anything else in the study does not count, such as held-out prompts, or people whose work is not
    in the release.
    """

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def add(
        self,
        text: JudgedPromptJson,
        judged_prompt: JudgedPrompt,
        eligible: Sequence[JudgementSnapshot],
        imported: Sequence[ImportedSnapshot],
    ) -> None:
        """Add a prompt and what is released of its judgements and imported ones, if anything."""
        if eligible or imported:
            self._digest.update(text.hashed_lines(judged_prompt, eligible, imported))

    def close(self, *terms: object) -> str:
        """The hash in hexadecimal; `terms` are the study, purpose, rules, consents and so on."""
        self._digest.update(json.dumps(terms, sort_keys=True, ensure_ascii=False).encode())
        return self._digest.hexdigest()
