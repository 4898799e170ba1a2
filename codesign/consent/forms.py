"""Forms for signing (separate, unticked choices and a typed name; standards 2.5), and for writing
the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.consent import rules
from codesign.consent.models import ConsentVersion
from codesign.shared.visible import shows_nothing

PREFIX = "choice_"


class ConsentForm(forms.Form):
    """One unticked box for each choice of the version, in its order."""

    shown_hash = forms.CharField(widget=forms.HiddenInput, required=False)
    shown_terms = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, version: ConsentVersion, terms: str, **kwargs: Any) -> None:
        """`terms` is the digest of what else the page says before signing, such as pay."""
        shown = {"shown_hash": version.content_hash, "shown_terms": terms}
        kwargs["initial"] = shown | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        for choice in version.content["choices"]:
            self.fields[PREFIX + choice["purpose"]] = forms.BooleanField(
                label=choice["title"], help_text=choice["help"], required=False
            )
        self.fields["typed_name"] = forms.CharField(
            label=_("Your full name"),
            help_text=_("Typing your name counts as your signature."),
            max_length=200,
            error_messages={"required": _("Please type your name.")},
            widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
        )

    def clean(self) -> dict[str, Any]:
        """Require the choice to take part; its error message is shown at its box."""
        cleaned = super().clean() or {}
        problem = rules.choice_problem(self.granted, self.offered)
        if problem:
            self.add_error(PREFIX + rules.Purpose.TAKE_PART, problem)
        return cleaned

    @property
    def offered(self) -> list[str]:
        """Return the purposes that have a box."""
        return [name.removeprefix(PREFIX) for name in self.fields if name.startswith(PREFIX)]

    @property
    def granted(self) -> list[str]:
        """Return the purposes that were ticked."""
        return [p for p in self.offered if self.cleaned_data.get(PREFIX + p)]

    @property
    def needed_choice(self) -> forms.BoundField:
        """Return the box for taking part."""
        return self[PREFIX + rules.Purpose.TAKE_PART]

    @property
    def optional_choices(self) -> Iterator[forms.BoundField]:
        """Return all other boxes."""
        return (self[PREFIX + p] for p in self.offered if p != rules.Purpose.TAKE_PART)


PURPOSE_WORDS: dict[str, Any] = {
    rules.Purpose.TRAINING: gettext_lazy("Offer: train models with their answers"),
    rules.Purpose.EVALUATION: gettext_lazy("Offer: test models with their answers"),
    rules.Purpose.COMMERCIAL: gettext_lazy("Offer: let companies use their answers"),
    rules.Purpose.PUBLICATION: gettext_lazy("Offer: publish their answers"),
    rules.Purpose.DEMOGRAPHICS: gettext_lazy("Offer: keep facts about them with their answers"),
    rules.Purpose.QUOTATION: gettext_lazy("Offer: quote their words"),
    rules.Purpose.RECONTACT: gettext_lazy("Offer: contact them about later studies"),
    rules.Purpose.CREDIT: gettext_lazy("Offer: thank them by name"),
    rules.Purpose.LINKING: gettext_lazy("Offer: keep one code for them in all sets of answers"),
}
"""The purposes that releases and pages ask for. A text can offer fewer of them."""
MOST_TEXT, MOST_PARTS = 20_000, 40
BETWEEN_PARAGRAPHS = re.compile(r"\n[ \t]*\n")


def _paragraphs(text: str) -> list[str]:
    """Return the parts between empty lines, each on one line."""
    parts = BETWEEN_PARAGRAPHS.split(text.replace("\r\n", "\n"))
    return [" ".join(part.split()) for part in parts if not shows_nothing(part)]


def _area(label: Any, rows: int, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=MOST_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": rows, "dir": "auto"}),
    )


class TextForm(forms.Form):
    """Title, key information and choices of a consent text. A draft may be incomplete."""

    before = forms.CharField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(label=gettext_lazy("Title of the text"), max_length=200, required=False)
    key_information = _area(
        gettext_lazy("Key information"),
        14,
        gettext_lazy(
            "What the study is about, what people do, what it pays, what can be hard, and that they"
            " can leave. Start each point after an empty line."
        ),
    )

    def __init__(
        self, data: Any = None, *, content: Mapping[str, Any], offer: Mapping[str, Any], before: str
    ) -> None:
        """`content`: the text so far; `offer`: wording for choices that have none yet."""
        had = {choice["purpose"]: choice for choice in content.get("choices", [])}
        words = {choice["purpose"]: choice for choice in offer["choices"]} | had
        points = content.get("key_information", [])
        initial = {
            "before": before,
            "title": content.get("title", ""),
            "key_information": "\n\n".join(points),
        }
        super().__init__(data, initial=initial)
        for purpose in rules.Purpose:
            if purpose in rules.OPTIONAL:
                self.fields[f"offer_{purpose}"] = forms.BooleanField(
                    label=PURPOSE_WORDS[purpose], required=False, initial=purpose in had or not had
                )
            self.fields[f"title_{purpose}"] = forms.CharField(
                label=gettext_lazy("Wording of the choice"),
                max_length=200,
                required=False,
                initial=words[purpose]["title"],
                widget=forms.TextInput(attrs={"dir": "auto"}),
            )
            self.fields[f"help_{purpose}"] = _area(gettext_lazy("Explanation"), 2)
            self.fields[f"help_{purpose}"].initial = words[purpose]["help"]

    @property
    def first_fields(self) -> list[forms.BoundField]:
        """Return the fields above the sections."""
        return [self["title"], self["key_information"]]

    @property
    def needed_choice(self) -> list[forms.BoundField]:
        """Return the wording for taking part, which every text needs."""
        return [self["title_take_part"], self["help_take_part"]]

    @property
    def optional_choices(self) -> list[list[forms.BoundField]]:
        """Return the fields of each optional choice: whether it is offered, and its wording."""
        optional = [purpose for purpose in rules.Purpose if purpose in rules.OPTIONAL]
        return [[self[f"{part}_{p}"] for part in ("offer", "title", "help")] for p in optional]

    def content(self, parts: list[dict[str, Any]], language: str) -> dict[str, Any]:
        """Return the content to save, with its sections."""
        written = self.cleaned_data
        offered = [p for p in rules.Purpose if p not in rules.OPTIONAL or written[f"offer_{p}"]]
        return {
            "title": written["title"],
            "language": language,
            "key_information": _paragraphs(written["key_information"]),
            "sections": parts,
            "choices": [
                {
                    "purpose": str(purpose),
                    "title": written[f"title_{purpose}"],
                    "help": " ".join(written[f"help_{purpose}"].split()),
                    "required": purpose == rules.Purpose.TAKE_PART,
                }
                for purpose in offered
            ],
        }


class PartForm(forms.Form):
    """One section of a text. Clear a section to remove it."""

    heading = forms.CharField(
        label=gettext_lazy("Heading"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    text = _area(gettext_lazy("Text"), 6, gettext_lazy("Start each paragraph after an empty line."))


_PartForms = forms.formset_factory(PartForm, extra=1, max_num=MOST_PARTS, absolute_max=MOST_PARTS)


class PartForms(_PartForms):  # type: ignore[misc, valid-type]
    """The sections of a text, followed by an empty one."""

    def __init__(self, data: Any = None, *, content: Mapping[str, Any]) -> None:
        written = [
            {"heading": part["heading"], "text": "\n\n".join(part["paragraphs"])}
            for part in content.get("sections", [])
        ]
        # Submitted sections replace the stored ones; they are not compared with them.
        super().__init__(data, initial=[] if data else written, prefix="parts")

    def parts(self) -> list[dict[str, Any]]:
        """Return the sections that are not empty, as they are saved."""
        filled = [form.cleaned_data for form in self.forms if form.is_valid()]
        return [
            {"heading": part["heading"], "paragraphs": _paragraphs(part["text"])}
            for part in filled
            if part.get("heading") or part.get("text")
        ]
