"""The order of `unpaired_preference`: neighbours have different prompts, as far as possible."""

from __future__ import annotations

from collections import deque
from typing import Any

from annotations.datasets.plumbing.files import FileEntry
from annotations.datasets.plumbing.writers import ConfigFiles, TextFiles


class InterleavedFiles(TextFiles):
    """Writes records so that no two neighbours are of one prompt.

    KTO pairs each completion with the prompt of its neighbour in a batch, to estimate how the model
    answers something else. Records arrive prompt by prompt; those that cannot be kept apart are
    written at the very end.
    """

    def __init__(self, files: ConfigFiles, schema: Any) -> None:
        super().__init__(files, schema)
        self._pending: deque[dict[str, Any]] = deque()
        self._last_prompt = ""

    def add(self, record: dict[str, Any]) -> None:
        """Add one record; it is written now or later."""
        self._pending.append(record)
        while (following := self._of_another_prompt()) is not None:
            self._pending.remove(following)
            self._last_prompt = _prompt_id(following)
            super().add(following)

    def _of_another_prompt(self) -> dict[str, Any] | None:
        """The first pending record that may follow the last one written."""
        pending = (record for record in self._pending if _prompt_id(record) != self._last_prompt)
        return next(pending, None)

    def close(self) -> list[FileEntry]:
        """Write the remaining records and finish the files."""
        for record in self._pending:
            super().add(record)
        return super().close()


def _prompt_id(record: dict[str, Any]) -> str:
    return str(record["meta"]["prompt_id"])
