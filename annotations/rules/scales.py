"""Kinds of scales, what their scores mean, and which questions are asked after which answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ScaleKind(TextChoices):
    """How a question is answered. A score is always a whole number."""

    LIKERT = "likert", _("Scores with words, such as 1 to 5")
    YES_NO = "yes_no", _("Yes, no or not sure")
    POINTS = "points", _("Met or not met, for points")
    CATEGORY = "category", _("One of some named options")


UNSURE = 99
"""The score of “not sure”, on every scale that offers it. It is above all scales, so on none."""
NO, YES = 0, 1
"""The scores of `YES_NO`; and of `POINTS`, where they mean not met and met."""
LOWEST, HIGHEST = -10, 10
"""The scores that a scale can have, and the points that a criterion can be worth."""
MOST_OPTIONS = 10
"""Options of a `CATEGORY`. Their scores count from 1 and have no order."""

Rating = dict[str, Any]
"""`{"response", "criterion", "score"}`, or with `"turn"` for an earlier reply"""


class Condition(NamedTuple):
    """A question is asked only if an earlier one of the same reply has one of these scores."""

    criterion: str
    scores: frozenset[int]


def asked_after(
    criteria: Iterable[str], conditions: Mapping[str, Condition], scores: Mapping[str, int]
) -> set[str]:
    """Return the criteria that are asked about a reply with these scores so far.

    A question that depends on one that is not asked is not asked either. `criteria` are in order,
    so that each comes after the one that it depends on.
    """
    asked: set[str] = set()
    for criterion in criteria:
        condition = conditions.get(criterion)
        if condition is None or (
            condition.criterion in asked and scores.get(condition.criterion) in condition.scores
        ):
            asked.add(criterion)
    return asked


def only_asked(
    ratings: Iterable[Rating],
    criteria: Sequence[str],
    conditions: Mapping[str, Condition],
    *,
    about: str = "response",
) -> list[Rating]:
    """Return the ratings without those on criteria that the others do not lead to.

    `about` is the key of a rating that says what it is about: “response” or “turn”.
    """
    ratings = list(ratings)
    if not conditions:
        return ratings
    scores: dict[Any, dict[str, int]] = {}
    for rating in ratings:
        scores.setdefault(rating[about], {})[rating["criterion"]] = rating["score"]
    asked = {what: asked_after(criteria, conditions, of) for what, of in scores.items()}
    return [one for one in ratings if one["criterion"] in asked[one[about]]]
