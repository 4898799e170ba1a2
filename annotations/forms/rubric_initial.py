"""Initial data of the forms of a rubric, from its questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from annotations.forms.rubrics import Criterion
from annotations.rules.rubric_content import whole_criterion
from annotations.rules.scales import UNSURE, ScaleKind


def typed_from(criteria: Sequence[Criterion], language: str) -> list[dict[str, Any]]:
    """Return initial data of the forms from criteria in the format of `make_rubric`."""
    whole = [whole_criterion(one, language) for one in criteria]
    number = {one["key"]: place for place, one in enumerate(whole, start=1)}
    scales = {one["key"]: one["scale"] for one in whole}
    return [
        {
            "key": one["key"],
            "title": one["title"],
            "question": one["help"],
            "kind": one["scale"]["kind"],
            "unsure": one["scale"]["unsure"],
            "points": one["scale"]["points"],
            "turns": one["turns"],
        }
        | _typed_scale(one["scale"])
        | _typed_condition(one["only_if"], number, scales)
        for one in whole
    ]


def _typed_scale(scale: Mapping[str, Any]) -> dict[str, Any]:
    if scale["kind"] == ScaleKind.CATEGORY:
        return {"options": "\n".join(scale["anchors"][str(n)] for n in range(1, scale["max"] + 1))}
    if scale["kind"] != ScaleKind.LIKERT:
        return {}
    anchors = {f"anchor_{score}": words for score, words in scale["anchors"].items()}
    anchors.pop(f"anchor_{UNSURE}", None)
    return {"lowest": scale["min"], "highest": scale["max"]} | anchors


def _typed_condition(
    only_if: Mapping[str, Any] | None, number: Mapping[str, int], scales: Mapping[str, Any]
) -> dict[str, Any]:
    if only_if is None:
        return {}
    scale = scales[only_if["criterion"]]
    answers = [_typed_answer(score, scale) for score in only_if["scores"]]
    return {"only_after": number[only_if["criterion"]], "only_answers": ", ".join(answers)}


def _typed_answer(score: int, scale: Mapping[str, Any]) -> str:
    """Return how an answer is named between commas: by its words, or by its score."""
    words: str = scale["anchors"].get(str(score), ",")
    return str(score) if scale["kind"] == ScaleKind.LIKERT or "," in words else words
