"""Why nothing (more) of a file can be read."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from modelhub.rules.imports import MOST_ROWS

TOO_MANY = gettext_lazy("There are more than %(most)s rows. Please split the file.")


class Refused(Exception):
    """Nothing (more) of the file can be read. `status` is of HTTP, `field` one of the JSON body."""

    def __init__(self, sentence: str, *, status: int = 400, field: str = "") -> None:
        super().__init__(sentence)
        self.message = [status, sentence, field]


def too_many_rows() -> Refused:
    """Return the refusal of a file with more than `MOST_ROWS` rows."""
    return Refused(TOO_MANY % {"most": f"{MOST_ROWS:,}"}, status=413)
