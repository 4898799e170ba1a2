"""Upload handlers, and the folder that holds uploads until a view stores them.

Only views decorated with `takes_files` accept files, and only from people who may send them. Files
sent by anybody else are not written to disk.
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import (
    FileUploadHandler,
    MemoryFileUploadHandler,
    SkipFile,
    TemporaryFileUploadHandler,
)
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_protect

from codesign.shared import stashed_forms

PREFIX = "codesign-upload-"


def folder() -> Path:
    """Return the upload folder. It is inside the imports folder, whose clean-up also empties it."""
    uploads = Path(settings.UPLOADS_DIR)
    uploads.mkdir(mode=0o700, parents=True, exist_ok=True)
    return uploads


class FileOnDisk(TemporaryUploadedFile):
    """An uploaded file in the upload folder."""

    def __init__(self, name: str | None, content_type: str | None, charset: str | None) -> None:
        file = tempfile.NamedTemporaryFile(prefix=PREFIX, dir=folder())  # noqa: SIM115
        UploadedFile.__init__(self, file, name, content_type, 0, charset)


class FilesOnDisk(TemporaryFileUploadHandler):
    """Handles files that are too large for memory.

    A form that declares more than the allowed length is refused before any of it is written. It is
    still read to the end, because a browser shows no response to a request it could not finish.
    """

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """Check the declared length."""
        if content_length > settings.MOST_FORM_BYTES:
            while input_data.read(self.chunk_size):
                pass
            raise RequestDataTooBig

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Start a file."""
        FileUploadHandler.new_file(self, *args, **kwargs)
        self.file = FileOnDisk(self.file_name, self.content_type, self.charset)


class NoFiles(FileUploadHandler):
    """Reads the fields of a form and skips its files, for every view that takes none.

    A form longer than the memory limit is refused. It is read to the end only for a browser in
    which somebody was signed in, so that the browser shows the response; a stranger's is not read.
    """

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """Check the declared length."""
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if most is None or content_length <= most:
            return
        if self.request and stashed_forms.was_here(self.request):
            while input_data.read(self.chunk_size):
                pass
        raise RequestDataTooBig

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Skip the file and remember that there was one."""
        self.request.files_left_out = True  # type: ignore[union-attr]
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Discard the data."""

    def file_complete(self, file_size: int) -> None:
        """Return nothing, because no file was kept."""


def takes_files(view: Any) -> Any:
    """Let a view receive files, after its permission check.

    The CSRF token is in the same body as the file, so it is checked here and not earlier, when the
    sender's permission is not known yet.
    """
    checked = csrf_protect(view)

    @functools.wraps(view)
    def taking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.upload_handlers = [MemoryFileUploadHandler(request), FilesOnDisk(request)]
        answer: HttpResponse = checked(request, *args, **kwargs)
        return answer

    return taking
