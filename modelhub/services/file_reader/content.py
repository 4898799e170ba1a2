"""The bytes of a file, unpacked where it is compressed."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, TextIO, cast

from django.utils.translation import gettext as _

from modelhub.engine import parquet
from modelhub.rules.imports import MOST_BYTES
from modelhub.services.file_reader.refusals import Refused

UNPACKED_ANYWAY, UNPACKS = 20_000_000, 100
"""Bytes that any file may unpack to, and additional bytes per byte of the file. Texts compress to
a fifth of their size, repeated texts to a fiftieth."""
BLOCK = 1 << 20
PACKED = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
}
"""First bytes of compressed files that are unpacked."""
BEGINNING = 1 << 12


@dataclass(frozen=True, slots=True)
class Content:
    """One file. `name` is its original name, for error messages and as a hint of its kind."""

    path: Path
    name: str
    packing: str = ""
    """`gzip`, `zstd` or empty."""
    encoding: str = "utf-8-sig"
    mapped: frozenset[str] = frozenset()
    """Names of columns that a mapping uses, by which the names of a table are found."""

    @property
    def most_bytes(self) -> int:
        """The most bytes that this file may unpack to."""
        return min(MOST_BYTES, UNPACKED_ANYWAY + UNPACKS * self.path.stat().st_size)

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Give the unpacked bytes; raises Refused if they are damaged or too many."""
        with self.path.open("rb") as file:
            if not self.packing:
                yield file
                return
            unpacked = _Unpacked(self, _UNPACKING[self.packing](file))
            yield cast(BinaryIO, io.BufferedReader(unpacked, BLOCK))

    @contextmanager
    def text(self) -> Iterator[TextIO]:
        """Give the text, in which bytes that cannot be decoded are lone surrogates."""
        with (
            self.opened() as file,
            io.TextIOWrapper(
                file, encoding=self.encoding, errors="surrogateescape", newline=""
            ) as text,
        ):
            yield text

    def seekable(self) -> Path | bytes:
        """Return the path, or the unpacked bytes of a compressed file, for kinds with a footer."""
        if not self.packing:
            return self.path
        with self.opened() as file:
            return file.read()

    def beginning(self) -> bytes:
        """Return the first bytes."""
        with self.opened() as file:
            return file.read(BEGINNING)

    def not_ascii(self) -> bytes:
        """Return about a megabyte from the first bytes that are not ASCII on, or nothing."""
        with self.opened() as file:
            for block in iter(lambda: file.read(BLOCK), b""):
                if not block.isascii():
                    return block + file.read(BLOCK)
        return b""

    def count(self, mark: bytes) -> int:
        """Return how often a mark occurs, such as the end of a line."""
        with self.opened() as file:
            return sum(block.count(mark) for block in iter(lambda: file.read(BLOCK), b""))


class _Unpacked(io.RawIOBase):
    """The unpacked bytes of a compressed file, up to a limit."""

    def __init__(self, content: Content, file: IO[bytes]) -> None:
        self._content, self._file, self._read = content, file, 0
        self._most = content.most_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        name = {"name": self._content.name, "kind": self._content.packing}
        try:
            block = self._file.read(len(buffer))
        except MemoryError:
            raise
        except (OSError, EOFError, zlib.error, ValueError) as error:
            sentence = _("%(name)s cannot be unpacked (%(kind)s): it is damaged or cut off.")
            raise Refused(sentence % name) from error
        self._read += len(block)
        if self._read > self._most:
            sentence = _("%(name)s unpacks to more than %(most)s bytes. Please split the file.")
            raise Refused(sentence % (name | {"most": f"{self._most:,}"}), status=413)
        buffer[: len(block)] = block
        return len(block)


def _gzip(file: IO[bytes]) -> IO[bytes]:
    return cast(IO[bytes], gzip.GzipFile(fileobj=file))


_UNPACKING = {"gzip": _gzip, "zstd": parquet.unpacked_zstd}
