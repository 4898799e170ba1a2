"""Reads files as an import does, without a study."""

from __future__ import annotations

from pathlib import Path

from modelhub.rules.imports import ImportRow
from modelhub.rules.raw_rows import BadRow, Note, Unused
from modelhub.services.file_rows import reading


class Read:
    """What a file is read to."""

    def __init__(self, folder: Path, content: bytes | str, name: str) -> None:
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.rows: list[ImportRow] = []
        self.problems: list[str] = []
        self.notes: list[str] = []
        self.unused: set[str] = set()
        with reading(path=path) as rows:
            self.total = rows.total
            for line, row in rows:
                if isinstance(row, Note):
                    self.notes.append(str(row))
                elif isinstance(row, Unused):
                    self.unused.add(str(row))
                elif isinstance(row, BadRow):
                    self.problems.append(f"line {line}: {row}")
                else:
                    self.rows.append(row)

    @property
    def prompts(self) -> list[str]:
        return [row.prompt.messages[0]["content"] for row in self.rows]

    @property
    def lines(self) -> list[int]:
        return [row.prompt.line for row in self.rows]
