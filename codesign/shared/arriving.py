"""Files that arrive, and the folder in which they lie until somebody keeps them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler

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
