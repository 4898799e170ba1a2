"""Config `judgements`: one row per person, response and criterion (standards 7.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from annotations.datasets.facts import FlagFact, JudgementFact, Keys, RewriteFact, Selection
from annotations.datasets.screening import Screening

Row = dict[str, Any]
Said = tuple[str, str, str, float, dict[str, Any]]
"""(response id, kind, criterion, value, what only this kind has)"""


class Attached:
    """Rewrites and flags by their judgement."""

    def __init__(self, selection: Selection) -> None:
        self.rewrites: Mapping[str, list[RewriteFact]] = _by_judgement(selection.rewrites)
        self.flags: Mapping[str, list[FlagFact]] = _by_judgement(selection.flags)


def _by_judgement(facts: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for fact in facts:
        found.setdefault(fact.judgement_id, []).append(fact)
    return found


def what_was_said(judgement: JudgementFact, attached: Attached, selection: Selection) -> list[Said]:
    """Everything in one judgement, one entry per response and criterion or kind.

    Free text (comments, notes on flags and highlights, rewrites) is not here: what was reviewed
    of it stands in `sft` and `preference`.
    """
    said: list[Said] = [
        (r["response"], "rating", r["criterion"], float(r["score"]), {}) for r in judgement.ratings
    ]
    strength = {"strength": judgement.strength} if judgement.strength else {}
    for place, group in enumerate(judgement.ranking, start=1):
        tied = strength | {"is_tie": len(group) > 1}
        said += [(response, "ranking", "preference", float(place), tied) for response in group]
    if judgement.all_harmful:
        said += [(r, "all_harmful", "harm_in_all", 1.0, {}) for r in judgement.order_shown]
    for mark in judgement.highlights:
        where = {"start": mark["start"], "end": mark["end"]}
        said.append((mark["response"], "highlight", mark.get("label", ""), 1.0, where))
    said += [
        (flag.response_id, "flag", flag.harm, float(flag.severity), {"review": flag.state})
        for flag in attached.flags.get(judgement.id, [])
    ]
    for rewrite in attached.rewrites.get(judgement.id, []):
        change = len(rewrite.text) - len(selection.responses[rewrite.response_id].text)
        review = {"review": rewrite.state}
        said.append((rewrite.response_id, "rewrite", "length_change", float(change), review))
    return said


def screen(
    selection: Selection, screening: Screening, attached: Attached, dropped: Counter[str]
) -> list[JudgementFact]:
    """The judgements to release; the rows of the others are counted by reason."""
    kept = []
    for judgement in selection.judgements:
        if reason := screening.of_judgement(judgement):
            dropped[reason] += len(what_was_said(judgement, attached, selection))
        else:
            kept.append(judgement)
    return kept


def rows(
    judgements: Iterable[JudgementFact],
    selection: Selection,
    screening: Screening,
    attached: Attached,
    keys: Keys,
    dropped: Counter[str],
) -> Iterator[tuple[JudgementFact, list[Row]]]:
    """Each judgement with its rows, in an order that tells neither person nor time."""
    named = sorted((j.prompt_id, keys.name("judgement", j.id), j) for j in judgements)
    for _, name, judgement in named:
        fixed = _of_judgement(judgement, name, selection, keys)
        made: list[Row] = []
        said = sorted(
            what_was_said(judgement, attached, selection), key=lambda s: (*s[:4], str(s[4]))
        )
        for number, (response_id, kind, criterion, value, more) in enumerate(said):
            if reason := screening.of_response(response_id):
                dropped[reason] += 1
                continue
            row = dict(fixed)
            row["record_id"] = f"{name}-{number}"
            row["response_id"] = response_id
            row["model_version_id"] = selection.responses[response_id].model.id
            row["position"] = judgement.order_shown.index(response_id) + 1
            row["kind"] = kind
            row["criterion"] = criterion
            row["value"] = value
            row["is_tie"] = False
            row.update(more)
            made.append(row)
        yield judgement, made


def _of_judgement(judgement: JudgementFact, name: str, selection: Selection, keys: Keys) -> Row:
    prompt = selection.prompts[judgement.prompt_id]
    return {
        "judgement_id": name,
        "round": judgement.round_id,
        "prompt_id": judgement.prompt_id,
        "rater_pseudonym": keys.name("rater", judgement.member_id),
        "cohort": judgement.cohort,
        "role": judgement.role,
        "rubric": judgement.rubric,
        "repeat": judgement.repeat,
        "active_ms": judgement.active_ms,
        "propensity": judgement.propensity,
        "consent_version": judgement.consent_version,
        "consent_scope": selection.purpose,
        "meta": {
            "example": judgement.example,
            "category": prompt.category,
            "intensity": prompt.intensity,
            "language": prompt.language,
        },
    }
