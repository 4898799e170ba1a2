"""Sentences about the format of a file, for pages and the command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from modelhub.rules.import_choices import KINDS
from modelhub.rules.imports import RANKED
from modelhub.rules.intensities import TAKEN_AS_HEAVY, UNSAID
from modelhub.rules.marks import MARKED, MARKS_LOST, SCORED
from modelhub.rules.shapes import SHAPES
from modelhub.rules.shapes.judged import JUDGED, RANKS_LOST, SIDES
from modelhub.rules.shapes.own import OWN, QUESTIONS
from modelhub.rules.shapes.traces import NO_TALK
from modelhub.rules.shapes.trees import DELETED

TALKS = frozenset({"messages", "sharegpt", "conversations", "langfuse", "otel"})
"""Formats whose rows are conversations."""

UNNAMED = "Imported file"
"""The source of ranks, scores and spans whose format names no tool."""
MADE_ELSEWHERE = (RANKED, SCORED, MARKED)
"""Keys of the counts of imported judgements, which need a source."""


def said(about: Mapping[str, Any]) -> list[str]:
    """Return what is said of a format: its name, how columns are used, what was noticed."""
    return [
        *filter(None, [recognised(about), mapped(about.get("mapping") or {})]),
        *others(about.get("counts") or {}),
        *(f"{name}: {count} ({what})" for name, count, what in noticed(about)),
    ]


def recognised(about: Mapping[str, Any]) -> str:
    """Return “ShareGPT: 196 conversations”; empty for our own format."""
    shape, made = SHAPES.get(about.get("shape") or ""), about.get("made") or 0
    if shape is None or shape is OWN:
        return ""
    if shape is QUESTIONS:
        words = ngettext("%(name)s: %(n)s row", "%(name)s: %(n)s rows", made)
    elif shape.key in TALKS:
        words = ngettext("%(name)s: %(n)s conversation", "%(name)s: %(n)s conversations", made)
    else:
        words = ngettext("%(name)s: %(n)s prompt", "%(name)s: %(n)s prompts", made)
    return words % {"name": shape.name, "n": f"{made:,}"}


def source_of(about: Mapping[str, Any], source: str = "") -> str:
    """Return where ranks, scores and spans of a file were made, which releases show.

    That is the given source, or the name of the format in English. The name of the file is not
    used, because it may contain the name of a person.
    """
    shape = SHAPES[about.get("shape") or OWN.key]
    with override("en"):
        return source or (UNNAMED if shape in (OWN, QUESTIONS) else str(shape.name))


def mapped(mapping: Mapping[str, str]) -> str:
    """Return how the file's columns are used where they have other names; empty if they do not."""
    pairs = [f"{ours} = {theirs or _('left out')}" for ours, theirs in mapping.items()]
    return _("Columns: %(pairs)s") % {"pairs": ", ".join(pairs)} if pairs else ""


def noticed(about: Mapping[str, Any]) -> list[tuple[str, int, str]]:
    """Return (name, count, what is done) of what was noticed in turns and texts."""
    counts, chosen = about.get("counts") or {}, about.get("chosen") or {}
    return [
        (str(one.name), counts[kind], str(one.options[chosen.get(kind, one.default)]))
        for kind, one in KINDS.items()
        if counts.get(kind)
    ]


def others(counts: Mapping[str, int]) -> list[str]:
    """Return sentences about what a format has beside prompts and responses."""
    sentences = []
    if ranked := counts.get(RANKED):
        sentences.append(
            ngettext(
                "%(n)d response has a rank in the file. It is kept as an imported rank.",
                "%(n)d responses have a rank in the file. They are kept as imported ranks.",
                ranked,
            )
            % {"n": ranked}
        )
    if marks := counts.get(SCORED, 0) + counts.get(MARKED, 0):
        sentences.append(
            ngettext(
                "%(n)d score, label or span is kept as imported.",
                "%(n)d scores, labels and spans are kept as imported.",
                marks,
            )
            % {"n": marks}
        )
    if lost := counts.get(MARKS_LOST):
        sentences.append(
            ngettext(
                "%(n)d span is not imported, because its text is changed.",
                "%(n)d spans are not imported, because their texts are changed.",
                lost,
            )
            % {"n": lost}
        )
    if judged := counts.get(JUDGED):
        sentences.append(
            ngettext(
                "%(n)d score or choice of annotators is not imported.",
                "%(n)d scores or choices of annotators are not imported.",
                judged,
            )
            % {"n": judged}
        )
    return [*sentences, *_rankings(counts), *_left_out(counts), *_intensities(counts)]


def _rankings(counts: Mapping[str, int]) -> list[str]:
    """Return sentences about rankings that another tool's file does not tell in full."""
    sentences = []
    if sides := counts.get(SIDES):
        sentence = ngettext(
            "%(n)d comparison names a side alone. The left one was taken as the first response.",
            "%(n)d comparisons name a side alone. The left one was taken as the first response.",
            sides,
        )
        sentences.append(sentence % {"n": sides})
    if lost := counts.get(RANKS_LOST):
        sentence = ngettext(
            "%(n)d ranking is not imported: this export of Argilla lists the options without their "
            "ranks.",
            "%(n)d rankings are not imported: this export of Argilla lists the options without "
            "their ranks.",
            lost,
        )
        sentences.append(sentence % {"n": lost})
    return sentences


def _left_out(counts: Mapping[str, int]) -> list[str]:
    sentences = []
    if without := counts.get(NO_TALK):
        sentence = ngettext(
            "%(n)d trace without a conversation was left out.",
            "%(n)d traces without a conversation were left out.",
            without,
        )
        sentences.append(sentence % {"n": without})
    if deleted := counts.get(DELETED):
        sentence = ngettext(
            "%(n)d deleted message was left out, with the messages below it.",
            "%(n)d deleted messages were left out, with the messages below them.",
            deleted,
        )
        sentences.append(sentence % {"n": deleted})
    return sentences


def _intensities(counts: Mapping[str, int]) -> list[str]:
    if not (unsaid := counts.get(UNSAID)):
        return []
    sentence = _(
        "Rows without intensity: %(n)s. Taken as heavy: %(heavy)s; the others as medium. "
        "Say intensity in the file to decide yourself."
    )
    return [sentence % {"n": f"{unsaid:,}", "heavy": f"{counts.get(TAKEN_AS_HEAVY, 0):,}"}]
