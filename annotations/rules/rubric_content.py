"""The content of a rubric as plain values: its whole form, and what is wrong with it.

A criterion is `{"key", "title", "help", "scale", "only_if", "turns", "texts"}`. Its scale is
`{"kind", "min", "max", "anchors", "unsure", "points"}`, `only_if` is None or `{"criterion",
"scores"}`, `turns` says whether it is also asked about earlier replies, and `texts` has `{"title",
"help", "anchors"}` for each further language. A reason, and a label for marked passages, is
`{"key", "title", "texts"}`, with language → title.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from annotations.rules.scales import (
    HIGHEST,
    LOWEST,
    MOST_OPTIONS,
    NO,
    UNSURE,
    YES,
    ScaleKind,
)
from codesign.shared.visible import shows_nothing

MOST_CHOICES = 11
"""Scores of one scale, without “not sure”."""


def whole_criterion(criterion: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return a criterion with all its keys; standard words for scales that need no other ones."""
    scale = criterion["scale"]
    kind = ScaleKind(scale["kind"])
    unsure = kind == ScaleKind.YES_NO or bool(scale.get("unsure"))
    ranged = kind in (ScaleKind.LIKERT, ScaleKind.CATEGORY)
    return {
        "key": criterion["key"],
        "title": criterion["title"],
        "help": criterion.get("help", ""),
        "scale": {
            "kind": str(kind),
            "min": scale["min"] if ranged else NO,
            "max": scale["max"] if ranged else YES,
            "anchors": standard_words(kind, language, unsure=unsure) | scale.get("anchors", {}),
            "unsure": unsure,
            "points": scale["points"] if kind == ScaleKind.POINTS else None,
        },
        "only_if": _whole_condition(criterion.get("only_if")),
        "turns": bool(criterion.get("turns")),
        "texts": criterion.get("texts", {}),
    }


def _whole_condition(condition: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not condition:
        return None
    return {"criterion": condition["criterion"], "scores": sorted(condition["scores"])}


def whole_words(short: Mapping[str, Any]) -> dict[str, Any]:
    """Return a reason or a label with all its keys."""
    return {"key": short["key"], "title": short["title"], "texts": short.get("texts", {})}


def standard_words(kind: ScaleKind, language: str, *, unsure: bool) -> dict[str, str]:
    """Return the words of the scores that mean the same in every rubric, in a language."""
    with override(language):
        words = {}
        if kind == ScaleKind.YES_NO:
            words = {str(NO): _("No"), str(YES): _("Yes")}
        if kind == ScaleKind.POINTS:
            words = {str(NO): _("Not met"), str(YES): _("Met")}
        return words | ({str(UNSURE): _("Not sure")} if unsure else {})


def choices_of(scale: Mapping[str, Any]) -> list[int]:
    """Return the scores that can be given on a scale."""
    scores = [*range(scale["min"], scale["max"] + 1)]
    return [*scores, UNSURE] if scale["unsure"] else scores


def problem_with(
    criteria: Sequence[Mapping[str, Any]],
    reasons: Iterable[Mapping[str, Any]],
    labels: Iterable[Mapping[str, Any]] = (),
) -> str:
    """Return what is wrong with these whole criteria, reasons and labels, or ""."""
    keys = [criterion["key"] for criterion in criteria]
    if not keys or len(set(keys)) != len(keys):
        return _("A rubric needs at least one criterion, and each needs its own key.")
    before: dict[str, Mapping[str, Any]] = {}
    for criterion in criteria:
        if problem := _problem_with_scale(criterion["scale"]):
            return f"{criterion['title']}: {problem}"
        if problem := _problem_with_condition(criterion, before):
            return f"{criterion['title']}: {problem}"
        before[criterion["key"]] = criterion
    if _has_twice(reasons):
        return _("Each reason needs its own key.")
    if _has_twice(labels):
        return _("Each label needs its own key.")
    return ""


def _has_twice(short: Iterable[Mapping[str, Any]]) -> bool:
    keys = [one["key"] for one in short]
    return len(set(keys)) != len(keys)


def _problem_with_scale(scale: Mapping[str, Any]) -> str:
    if scale["kind"] == ScaleKind.CATEGORY:
        return _problem_with_options(scale)
    low, high, points = scale["min"], scale["max"], scale["points"]
    if not LOWEST <= low < high <= HIGHEST or high - low >= MOST_CHOICES:
        return _("The scores of a scale go up, at most 11 of them from -10 to 10.")
    if scale["kind"] == ScaleKind.POINTS and (not points or not LOWEST <= points <= HIGHEST):
        return _("Points are from -10 to 10, and not 0.")
    return ""


def _problem_with_options(scale: Mapping[str, Any]) -> str:
    if scale["min"] != 1 or not 2 <= scale["max"] <= MOST_OPTIONS:
        return _("A question has 2 to 10 options, counted from 1.")
    words = [scale["anchors"].get(str(score), "") for score in range(1, scale["max"] + 1)]
    if any(map(shows_nothing, words)) or len({word.casefold() for word in words}) != len(words):
        return _("Each option needs its own name.")
    return ""


def _problem_with_condition(
    criterion: Mapping[str, Any], before: Mapping[str, Mapping[str, Any]]
) -> str:
    condition = criterion["only_if"]
    if condition is None:
        return ""
    if condition["criterion"] not in before:
        return _("“Ask only if” needs an earlier question.")
    earlier = before[condition["criterion"]]
    if criterion["turns"] and not earlier["turns"]:
        return _("“Ask only if” needs a question that is asked about earlier replies, too.")
    choices = choices_of(earlier["scale"])
    if not condition["scores"] or not set(condition["scores"]) <= set(choices):
        return _("“Ask only if” needs answers that the earlier question offers.")
    return ""
