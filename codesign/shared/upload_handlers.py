"""Files that arrive, and the folder in which they lie until somebody keeps them.

No address takes files but those that say so (`takes_files`), and they take them from people who may
send them there: whoever else sends one has nothing of it written to the disk.
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
    """Where they lie: beside the imports that wait, so that what a crash left goes as theirs do."""
    found = Path(settings.UPLOADS_DIR)
    found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


class FileOnDisk(TemporaryUploadedFile):
    """A file of a form, in that folder."""

    def __init__(self, name: str | None, content_type: str | None, charset: str | None) -> None:
        file = tempfile.NamedTemporaryFile(prefix=PREFIX, dir=folder())  # noqa: SIM115
        UploadedFile.__init__(self, file, name, content_type, 0, charset)


class FilesOnDisk(TemporaryFileUploadHandler):
    """Takes what memory should not hold.

    A form that says it is longer than any may be is refused before anything of it is written. It is
    read to its end nevertheless: a browser shows no answer to what it could not send.
    """

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """Look at the length."""
        if content_length > settings.MOST_FORM_BYTES:
            while input_data.read(self.chunk_size):
                pass
            raise RequestDataTooBig

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        FileUploadHandler.new_file(self, *args, **kwargs)
        self.file = FileOnDisk(self.file_name, self.content_type, self.charset)


class NoFiles(FileUploadHandler):
    """Reads the fields of a form and leaves its files out: for every address that takes none.

    A form longer than memory should hold is refused. It is read to its end only for a browser
    at which somebody was signed in, which then shows the answer; a stranger is not listened to.
    """

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """Look at the length."""
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if most is None or content_length <= most:
            return
        if self.request and stashed_forms.was_here(self.request):
            while input_data.read(self.chunk_size):
                pass
        raise RequestDataTooBig

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Leave it out, and remember that there was one."""
        self.request.files_left_out = True  # type: ignore[union-attr]
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Nothing of it is kept."""

    def file_complete(self, file_size: int) -> None:
        """No file came of it."""


def takes_files(view: Any) -> Any:
    """Let a view read files, once whoever sends them is known to be allowed to.

    The token against forged requests stands in the same body as the file, so it is checked here
    and not before, when nobody knows yet who asks.
    """
    checked = csrf_protect(view)

    @functools.wraps(view)
    def taking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.upload_handlers = [MemoryFileUploadHandler(request), FilesOnDisk(request)]
        answer: HttpResponse = checked(request, *args, **kwargs)
        return answer

    return taking
