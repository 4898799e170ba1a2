"""The form to upload a file of prompts, which a worker then checks."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.rules.imported import MAX_SOURCE
from modelhub.rules.imports import SUFFIXES


class UploadForm(forms.Form):
    """One file."""

    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,  # the service has a better error message
        help_text=_(
            "CSV, Excel, JSON, JSON Lines or Parquet, up to 100,000 rows and 500 MB, also packed "
            "as .gz or .zst. Columns may have other names: you choose which is which."
        ),
        error_messages={"required": _("Please choose a file.")},
        widget=forms.FileInput(attrs={"accept": ",".join(SUFFIXES)}),
    )


class SourceForm(forms.Form):
    """Where ranks, scores and spans of a checked file were made."""

    source = forms.CharField(
        label=_("Source of the ranks, scores and spans"),
        max_length=MAX_SOURCE,
        required=False,
        help_text=_("Such as a data set and its version. Releases show it, so name no person."),
    )


COLUMNS = [
    ("prompt", _("Required. The text of a person, or a list of turns.")),
    ("external_id", _("Your own id of the prompt. Rows with a known id are not imported again.")),
    ("category", "education · assessment · intervention"),
    ("topics", _("Words; in a table, separated by semicolons.")),
    ("intensity", _("1 for light, 2, 3 for heavy.")),
    ("language", _("A language code, such as “en” or “pt-BR”.")),
    ("held_out", _("true: the prompt is kept for comparing models and never used for training.")),
    ("family", _("The same name for prompts that differ in one detail only.")),
    ("responses", _("Responses: texts, or texts with the model that wrote them.")),
]
TABLE = """prompt,category,topics,intensity
I cannot sleep before exams.,intervention,sleep; exams,1
What is a panic attack?,education,anxiety,1"""
LINE = (
    '{"prompt": "I cannot sleep.", "responses": ['
    '{"text": "That sounds tiring. What keeps you awake?", "model": "model-a"}, '
    '{"text": "A fixed hour to get up helps many people.", "model": "model-b"}]}'
)
