"""Skipping an assignment: a reason and an optional note."""

from __future__ import annotations

from typing import Annotated, Any, Self

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import ConfigDict, Field, ValidationError

from annotations.contract.errors import invalid, says
from annotations.contract.parts import Note, Part, names_of
from annotations.contract.values import without_empty
from annotations.rules.states import SkipReason


class Skip(Part):
    """The reason for skipping an assignment."""

    model_config = ConfigDict(extra="ignore")

    reason: Annotated[
        SkipReason,
        Field(strict=False),
        says(gettext_lazy("Please choose one of the reasons.")),
    ]
    note: Note = ""

    @classmethod
    def read(cls, *, reason: Any, note: Any = "") -> Self:
        """Return a valid skip, or raise `Invalid` with error messages by field."""
        sent = without_empty({"reason": reason, "note": note}, names_of(cls))
        try:
            return cls.model_validate({"reason": None} | sent)
        except ValidationError as error:
            raise invalid(_("Something is missing or invalid."), error) from None
