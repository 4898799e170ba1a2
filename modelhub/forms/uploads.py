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


COLUMNS = [
    ("prompt", _("What somebody writes: a text, or a list of turns. The only one that is needed.")),
    ("external_id", _("Your own name for it; a row with the same one is not brought in twice.")),
    ("category", "education · assessment · intervention"),
    ("topics", _("Words, with semicolons between them in a table.")),
    ("intensity", _("1 for light, 2, 3 for heavy.")),
    ("language", _("As in “en” or “pt-BR”.")),
    ("held_out", _("true: kept for comparisons between models, never in training data.")),
    ("family", _("One name for prompts that differ in one thing only.")),
    ("responses", _("Replies: texts, or texts with the model that wrote them.")),
]
TABLE = """prompt,category,topics,intensity
I cannot sleep before exams.,intervention,sleep; exams,1
What is a panic attack?,education,anxiety,1"""
LINE = (
    '{"prompt": "I cannot sleep.", "responses": ['
    '{"text": "That sounds tiring. What keeps you awake?", "model": "model-a"}, '
    '{"text": "A fixed hour to get up helps many people.", "model": "model-b"}]}'
)
