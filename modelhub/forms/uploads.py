"""Choosing a file; what is in it is looked at by a worker."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class UploadForm(forms.Form):
    """One file."""

    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,  # the service says what is wrong with it
        help_text=_(
            "JSONL, CSV or Parquet, up to 100,000 rows and 500 MB, with a column called prompt."
        ),
        error_messages={"required": _("Please choose a file.")},
        widget=forms.FileInput(attrs={"accept": ".jsonl,.ndjson,.csv,.parquet"}),
    )
