"""Forms to write a rubric: its title, its questions with their scales, reasons and labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotations.models import Rubric
from annotations.rules.rubric_content import choices_of, whole_criterion
from annotations.rules.scales import HIGHEST, LOWEST, MOST_OPTIONS, ScaleKind
from codesign.shared.integers import limits
from codesign.shared.keys import free_key
from codesign.shared.visible import shows_nothing

SCORES = range(8)
"""The scores that a scale can have on this page."""
MOST_QUESTIONS = 20
MOST_SHORT = 12
"""Reasons, and labels."""
MOST_ANCHOR = 60
Criterion = Mapping[str, Any]


class RubricForm(forms.Form):
    """The title of a rubric, and the reasons and labels that people can choose."""

    after = forms.IntegerField(
        widget=forms.HiddenInput,
        required=False,
        initial=0,
        min_value=0,
        max_value=limits(Rubric, "version")[1],
    )
    """The version that the page showed."""
    template = forms.CharField(widget=forms.HiddenInput, required=False, max_length=80)
    """The name of the template that it started from."""
    title = forms.CharField(
        label=_("Title"),
        max_length=120,
        help_text=_("You choose the questions by it when you plan a round. People do not see it."),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    reasons = forms.CharField(
        label=_("Reasons to choose under “Why?” (optional)"),
        required=False,
        help_text=_("One reason in each line, in a few words, such as “It listens first”."),
        widget=forms.Textarea(attrs={"dir": "auto", "rows": 4}),
    )

    labels = forms.CharField(
        label=_("Labels for marked passages (optional)"),
        required=False,
        help_text=_(
            "One label in each line, such as “Too fast”. Leave it empty for the standard labels,"
            " such as “Helps” and “Could do harm”."
        ),
        widget=forms.Textarea(attrs={"dir": "auto", "rows": 4}),
    )

    def clean_reasons(self) -> list[str]:
        """Return the lines that are not blank, each once."""
        return _short(self.cleaned_data["reasons"])

    def clean_labels(self) -> list[str]:
        """Return the lines that are not blank, each once."""
        return _short(self.cleaned_data["labels"])

    def reasons_after(self, before: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return reasons for `make_rubric`. A reason that stays keeps its key and translations."""
        return _keyed(self.cleaned_data["reasons"], before, instead="reason")

    def labels_after(self, before: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return labels for `make_rubric`. A label that stays keeps its key and translations."""
        return _keyed(self.cleaned_data["labels"], before, instead="label")


def _lines(typed: str) -> list[str]:
    lines = [line.strip() for line in typed.splitlines()]
    return [line for line in lines if not shows_nothing(line)]


def _short(typed: str) -> list[str]:
    lines = list(dict.fromkeys(_lines(typed)))
    if len(lines) > MOST_SHORT:
        raise forms.ValidationError(_("Use at most 12 lines."))
    if any(len(line) > MOST_ANCHOR for line in lines):
        raise forms.ValidationError(_("Keep each line to 60 characters."))
    return lines


def _keyed(
    titles: Sequence[str], before: Sequence[Mapping[str, Any]], *, instead: str
) -> list[dict[str, Any]]:
    kept = {one["title"]: one for one in before}
    made: list[dict[str, Any]] = []
    taken = {one["key"] for one in before}
    for title in titles:
        key = free_key(title, taken=taken, instead=instead, joint="_")
        made.append(dict(kept.get(title) or {"key": key, "title": title}))
        taken.add(made[-1]["key"])
    return made


def _words(label: Any, most: int, *, required: bool = True) -> forms.CharField:
    widget = forms.TextInput(attrs={"dir": "auto"})
    return forms.CharField(label=label, max_length=most, required=required, widget=widget)


WRITTEN = ("title", "question", "options", "points", "only_answers")
"""Fields that are empty in an empty question."""


class CriterionForm(forms.Form):
    """One question. An empty one is removed."""

    key = forms.SlugField(widget=forms.HiddenInput, required=False)
    title = _words(_("Short name"), 120)
    question = _words(_("The question"), 300)
    kind = forms.ChoiceField(
        label=_("How people answer"),
        choices=ScaleKind.choices,
        required=False,
        initial=ScaleKind.LIKERT,
    )
    lowest = forms.TypedChoiceField(
        label=_("Lowest score"),
        choices=[(0, "0"), (1, "1")],
        coerce=int,
        empty_value=1,  # type: ignore[arg-type]  # the stubs want the type of the input
        required=False,
        initial=1,
    )
    highest = forms.TypedChoiceField(
        label=_("Highest score"),
        choices=[(score, str(score)) for score in SCORES[2:]],
        coerce=int,
        empty_value=5,  # type: ignore[arg-type]
        required=False,
        initial=5,
    )
    options = forms.CharField(
        label=_("Options"),
        required=False,
        help_text=_("One in each line, 2 to 10. For example, for the tone: Warm, Neutral, Cold."),
        widget=forms.Textarea(attrs={"dir": "auto", "rows": 4}),
    )
    unsure = forms.BooleanField(label=_("People can also say “not sure”"), required=False)
    points = forms.IntegerField(
        label=_("Points if met"),
        min_value=LOWEST,
        max_value=HIGHEST,
        required=False,
        help_text=_("From -10 to 10. Below 0 for what a reply should not do."),
    )
    turns = forms.BooleanField(
        label=_("Also ask this about each earlier reply in a conversation"), required=False
    )
    only_after = forms.IntegerField(
        label=_("Ask only after question number (optional)"),
        min_value=1,
        max_value=MOST_QUESTIONS,
        required=False,
        help_text=_("Leave it empty to ask this question always."),
    )
    only_answers = forms.CharField(
        label=_("and only after these answers (optional)"),
        max_length=300,
        required=False,
        help_text=_("Scores or words of that question, with commas between, such as: 1, 2"),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    only_if: tuple[int, list[int]] | None = None
    """The place of the earlier form, and its scores after which this is asked; once valid."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for score in SCORES:
            label = _("%(score)d means") % {"score": score}
            self.fields[f"anchor_{score}"] = _words(label, MOST_ANCHOR, required=False)
        self.empty = self.is_bound and not any(
            self._typed(name)
            for name in self.fields
            if name.startswith("anchor_") or name in WRITTEN
        )
        if self.empty:
            for field in self.fields.values():
                field.required = False

    def _typed(self, name: str) -> bool:
        return not shows_nothing(str(self[name].data or ""))

    @property
    def anchors(self) -> list[forms.BoundField]:
        """Return the fields for the words of the scores."""
        return [self[f"anchor_{score}"] for score in SCORES]

    def clean_options(self) -> list[str]:
        """Return the lines that are not blank."""
        return _lines(self.cleaned_data["options"])

    def clean(self) -> None:
        """Require what the chosen kind of scale needs: words for each score, options or points."""
        if self.empty:
            return
        cleaned = self.cleaned_data
        kind = cleaned["kind"] = cleaned.get("kind") or ScaleKind.LIKERT
        if kind == ScaleKind.POINTS and "points" in cleaned and not cleaned["points"]:
            self.add_error("points", _("Please give points from -10 to 10, and not 0."))
        if kind == ScaleKind.CATEGORY and (wrong := _wrong_with(cleaned["options"])):
            self.add_error("options", wrong)
        missing = self.fields["title"].error_messages["required"]
        if kind == ScaleKind.LIKERT and {"lowest", "highest"} <= cleaned.keys():
            for score in range(cleaned["lowest"], cleaned["highest"] + 1):
                if cleaned.get(f"anchor_{score}") == "":
                    self.add_error(f"anchor_{score}", missing)

    def scale(self) -> dict[str, Any]:
        """Return the scale for `make_rubric`."""
        cleaned = self.cleaned_data
        if cleaned["kind"] == ScaleKind.CATEGORY:
            names = {str(n): name for n, name in enumerate(cleaned["options"], start=1)}
            ends = {"min": 1, "max": len(names)}
            kind = {"kind": str(ScaleKind.CATEGORY), "unsure": cleaned["unsure"]}
            return kind | ends | {"anchors": names}
        if cleaned["kind"] != ScaleKind.LIKERT:
            return {"kind": str(cleaned["kind"]), "points": cleaned["points"]}
        scores = range(cleaned["lowest"], cleaned["highest"] + 1)
        return {
            "kind": str(ScaleKind.LIKERT),
            "min": scores[0],
            "max": scores[-1],
            "anchors": {str(score): cleaned[f"anchor_{score}"] for score in scores},
            "unsure": cleaned["unsure"],
        }


def _wrong_with(names: Sequence[str]) -> str:
    """Return what is wrong with the names of options, or ""."""
    if not 2 <= len(names) <= MOST_OPTIONS:
        return gettext("Please write 2 to 10 options, one in each line.")
    if len({name.casefold() for name in names}) != len(names):
        return gettext("Two options have the same name. Please change one.")
    if max(map(len, names)) > MOST_ANCHOR:
        return gettext("Keep each option to 60 characters.")
    return ""


_CriterionForms = forms.formset_factory(
    CriterionForm, extra=1, max_num=MOST_QUESTIONS, absolute_max=MOST_QUESTIONS
)


class CriterionForms(_CriterionForms):  # type: ignore[misc, valid-type]
    """The questions in order, followed by an empty one.

    `language` is the one in which they are written, for the words of standard answers.
    """

    def __init__(
        self, data: Any = None, *, typed: Sequence[Mapping[str, Any]] = (), language: str = "en"
    ) -> None:
        self._language = language
        # posted questions replace the stored ones, so they are not compared with them
        super().__init__(data, initial=[] if data else list(typed), prefix="questions")

    def again(self) -> CriterionForms:
        """Return the forms with the typed text, not validated, and one more empty question."""
        typed = [
            {name: form[name].data or "" for name in form.fields}
            for form in self.forms
            if not form.empty
        ]
        return CriterionForms(typed=typed, language=self._language)

    def clean(self) -> None:
        """Require at least one question, and conditions that name earlier answers."""
        if all(form.empty for form in self.forms):
            raise forms.ValidationError(_("Write at least one question."))
        if any(self.errors):
            return
        for number, form in enumerate(self.forms):
            if not form.empty:
                self._read_condition(number, form)
        if any(form.errors for form in self.forms):
            raise forms.ValidationError(_("Please look at “Ask only after” below."))

    def _read_condition(self, number: int, form: CriterionForm) -> None:
        """Set the condition of a form, or say what is wrong with it."""
        after, words = form.cleaned_data["only_after"], form.cleaned_data["only_answers"]
        if after is None and shows_nothing(words):
            return
        if after is None or after > number or self.forms[after - 1].empty:
            form.add_error("only_after", _("Please give the number of an earlier question."))
            return
        if form.cleaned_data["turns"] and not self.forms[after - 1].cleaned_data["turns"]:
            sentence = _("That question is not asked about earlier replies. Ask it there, too.")
            form.add_error("only_after", sentence)
            return
        scores = _scores_of(words, self._whole(self.forms[after - 1])["scale"])
        if not scores:
            form.add_error("only_answers", _("Please give answers which that question offers."))
            return
        form.only_if = (after - 1, scores)

    def _whole(self, form: CriterionForm) -> dict[str, Any]:
        """Return a question as a whole criterion, without a key and a condition."""
        cleaned = form.cleaned_data
        words = {"key": "", "title": cleaned["title"], "help": cleaned["question"]}
        scale = {"scale": form.scale(), "turns": cleaned["turns"]}
        return whole_criterion(words | scale, self._language)

    def criteria(self, before: Sequence[Criterion] = ()) -> list[dict[str, Any]]:
        """Return whole criteria for `make_rubric`. A question keeps its key for ever.

        `before` are those that the page showed: a question that did not change keeps its
        translations.
        """
        old = {one["key"]: one for one in before}
        taken = {form.cleaned_data["key"] for form in self.forms if not form.empty}
        made: dict[int, dict[str, Any]] = {}
        for place, form in enumerate(self.forms):
            if form.empty:
                continue
            keys = {one["key"] for one in made.values()}
            one = self._whole(form)
            one["key"] = _key(form.cleaned_data["key"], one["title"], keys, taken)
            if form.only_if:
                earlier, scores = form.only_if
                one["only_if"] = {"criterion": made[earlier]["key"], "scores": scores}
            same = old.get(one["key"])
            if same and all(same[part] == one[part] for part in ("title", "help", "scale")):
                one["texts"] = same["texts"]
            made[place] = one
        return list(made.values())


def _scores_of(words: str, scale: Mapping[str, Any]) -> list[int]:
    """Return the scores that a list of scores or words names; none if one of them is unknown."""
    known = {str(score): score for score in choices_of(scale)}
    known |= {text.casefold(): int(score) for score, text in scale["anchors"].items()}
    parts = [part.strip().casefold() for part in words.split(",")]
    named = [known.get(part) for part in parts if part]
    return [] if None in named else sorted({score for score in named if score is not None})


def _key(kept: str, title: str, before: set[str], taken: set[str]) -> str:
    """Return the previous key of a question, or an unused one from its title."""
    if kept and kept not in before:
        return kept
    return free_key(title, taken=before | taken, instead="question", joint="_")
