"""Large files: streamed in blocks, whole or in part, so that a broken download can go on.

Django's FileResponse knows no ranges, and whitenoise's server of static files, which does, says
416 to a range of one byte and knows no If-Range; hence these few lines after RFC 9110, section 14.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

from codesign.shared.problems import problem_outside

BLOCK = 256 * 1024
"""Bytes read at once; what a download takes of memory."""
ONE_RANGE = re.compile(r"bytes=\s*(\d*)-(\d*)\s*", re.ASCII | re.IGNORECASE)
NOT_THERE = "The part that was asked for lies behind the end of the file."


class Part:
    """An open file from its place on, for so many bytes; Django's FileResponse reads and closes."""

    def __init__(self, handle: BinaryIO, length: int) -> None:
        self._handle = handle
        self._left = length

    def read(self, size: int) -> bytes:
        """At most so many bytes, none at the end of the part."""
        block = self._handle.read(min(size, self._left))
        self._left -= len(block)
        return block

    def close(self) -> None:
        """Give the file back."""
        self._handle.close()


class PartResponse(FileResponse):
    """Streams a part in large blocks; its headers are set by whoever makes it."""

    block_size = BLOCK

    def set_headers(self, filelike: object) -> None:
        """Nothing is guessed."""


def as_tar(folder: str, files: Iterable[tuple[str, Path]]) -> Iterator[bytes]:
    """(name, path) of files as an archive below `folder`, in blocks; same files, same bytes."""
    for name, path in files:
        entry = tarfile.TarInfo(f"{folder}/{name}")
        entry.size = path.stat().st_size
        yield entry.tobuf(tarfile.PAX_FORMAT)
        with path.open("rb") as handle:
            while block := handle.read(BLOCK):
                yield block
        yield bytes(-entry.size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def span_of(header: str, size: int) -> tuple[int, int] | None:
    """(first byte, length) of a Range header; length 0 where nothing of it is in the file.

    None where the header is to be passed over: not one range of bytes, or one that ends before
    it begins. Several ranges at once are answered with the whole file, which RFC 9110 allows.
    """
    asked = ONE_RANGE.fullmatch(header.strip())
    if asked is None or asked.groups() == ("", ""):
        return None
    first, last = asked.groups()
    if not first:
        length = min(int(last), size)
        return size - length, length
    if last and int(last) < int(first):
        return None
    end = min(int(last), size - 1) if last else size - 1
    return int(first), max(end - int(first) + 1, 0)


def send_file(
    request: HttpRequest, path: Path, *, sha256: str, content_type: str, filename: str = ""
) -> HttpResponseBase:
    """The answer to GET or HEAD for a file whose content never changes, named by its hash.

    With `filename` a browser saves it under that name.
    """
    size, etag = path.stat().st_size, f'"{sha256}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Content-Type": content_type,
        "Content-Length": str(size),
    }
    if disposition := content_disposition_header(bool(filename), filename):
        headers["Content-Disposition"] = disposition
    whole = HttpResponse(headers=headers)
    same = get_conditional_response(request, etag=etag, response=whole) or whole
    if same is not whole or request.method == "HEAD":
        return same
    span = span_of(request.headers.get("Range", ""), size)
    if span is None or request.headers.get("If-Range", etag) != etag:
        return _streamed(path, 0, size, status=200, headers=headers)
    first, length = span
    if not length:
        refused = problem_outside(416, "range_not_satisfiable", NOT_THERE)
        refused["Content-Range"] = f"bytes */{size}"
        return refused
    headers["Content-Length"] = str(length)
    headers["Content-Range"] = f"bytes {first}-{first + length - 1}/{size}"
    return _streamed(path, first, length, status=206, headers=headers)


def _streamed(
    path: Path, first: int, length: int, *, status: int, headers: dict[str, str]
) -> PartResponse:
    handle = path.open("rb")
    handle.seek(first)
    return PartResponse(Part(handle, length), status=status, headers=headers)
