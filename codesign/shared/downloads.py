"""Large files, streamed in blocks and in ranges, so that an interrupted download can resume.

Django's FileResponse does not support ranges. Whitenoise does, but answers 416 to a range of one
byte and ignores If-Range. So this module implements RFC 9110, section 14.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _

from codesign.shared.problems import problem_outside

BLOCK = 256 * 1024
"""Bytes read at once, which bounds the memory of a download."""
ONE_RANGE = re.compile(r"bytes=\s*(\d*)-(\d*)\s*", re.ASCII | re.IGNORECASE)
NOT_THERE = _("The requested range starts after the end of the file.")


class Part:
    """An open file, limited to `length` bytes. FileResponse reads and closes it."""

    def __init__(self, handle: BinaryIO, length: int) -> None:
        self._handle = handle
        self._left = length

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes; none at the end of the part."""
        block = self._handle.read(min(size, self._left))
        self._left -= len(block)
        return block

    def close(self) -> None:
        """Close the file."""
        self._handle.close()


class PartResponse(FileResponse):
    """Streams a part of a file in large blocks. The caller sets the headers."""

    block_size = BLOCK

    def set_headers(self, filelike: object) -> None:
        """Keep the given headers; Django would guess some from the file."""


def as_tar(folder: str, files: Iterable[tuple[str, Path | bytes]]) -> Iterator[bytes]:
    """Yield a tar archive of files below `folder`, in blocks. Reproducible bytes.

    Each file is its name, and its path or its content.
    """
    for name, file in files:
        entry = tarfile.TarInfo(f"{folder}/{name}")
        entry.size = len(file) if isinstance(file, bytes) else file.stat().st_size
        yield entry.tobuf(tarfile.PAX_FORMAT)
        with io.BytesIO(file) if isinstance(file, bytes) else file.open("rb") as handle:
            while block := handle.read(BLOCK):
                yield block
        yield bytes(-entry.size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def tar_response(folder: str, files: Iterable[tuple[str, Path | bytes]]) -> StreamingHttpResponse:
    """Return a streamed archive of files, which browsers save as `folder`.tar."""
    answer = StreamingHttpResponse(as_tar(folder, files), content_type="application/x-tar")
    answer["Content-Disposition"] = content_disposition_header(True, f"{folder}.tar") or ""
    return answer


def span_of(header: str, size: int) -> tuple[int, int] | None:
    """Return (first byte, length) of a Range header; length 0 if the range is outside the file.

    Returns None for a header to ignore: anything but a single byte range, or a range that ends
    before it starts. RFC 9110 allows the whole file as the answer to several ranges.
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
    """Return the response to GET or HEAD for an immutable file, with its hash as the ETag.

    With `filename`, browsers save the file under that name.
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
        refused = problem_outside(416, "range_not_satisfiable", str(NOT_THERE))
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
