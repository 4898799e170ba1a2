"""The choices of an import: what is done with special turns and texts, and the columns.

The defaults are safe: no text is imported that a chat template would read as a turn, people see no
tags, and everything that is left out is counted and reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.rules.imported import source_problem
from annotations.rules.text_kinds import Origin

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

SYSTEM, TOOL, EMPTY = "system", "tool", "empty"
TOKENS, THOUGHTS, HTML, MARKDOWN, MOJIBAKE = "tokens", "thoughts", "html", "markdown", "mojibake"
ORIGIN = "origin"
LEAVE_OUT, REFUSE, NEUTRALISE, KEEP = "leave_out", "refuse", "neutralise", "keep"
_TURNS = (LEAVE_OUT, REFUSE)
Choices = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """One choice of an import: its name and its options, the default first."""

    name: _StrPromise
    options: Mapping[str, _StrPromise]

    @property
    def default(self) -> str:
        """What is done if nothing is chosen."""
        return next(iter(self.options))


_REFUSED = gettext_lazy("refuse the row")
_OF_TURNS = {LEAVE_OUT: gettext_lazy("leave out"), REFUSE: _REFUSED}
KINDS: dict[str, Kind] = {
    SYSTEM: Kind(gettext_lazy("System turns"), _OF_TURNS),
    TOOL: Kind(gettext_lazy("Turns of tools"), _OF_TURNS),
    EMPTY: Kind(gettext_lazy("Empty turns of the assistant"), _OF_TURNS),
    TOKENS: Kind(
        gettext_lazy("Control tokens of chat templates"),
        {
            NEUTRALISE: gettext_lazy("make them plain text; cut them from the ends of responses"),
            KEEP: gettext_lazy("keep"),
            REFUSE: _REFUSED,
        },
    ),
    THOUGHTS: Kind(
        gettext_lazy("Thoughts of models (<think>)"),
        {
            KEEP: gettext_lazy("keep; people who judge do not see them"),
            NEUTRALISE: gettext_lazy("leave out"),
            REFUSE: _REFUSED,
        },
    ),
    HTML: Kind(
        gettext_lazy("HTML"),
        {
            NEUTRALISE: gettext_lazy("turn into plain text"),
            KEEP: gettext_lazy("keep"),
            REFUSE: _REFUSED,
        },
    ),
    MARKDOWN: Kind(
        gettext_lazy("Markdown"),
        {KEEP: gettext_lazy("keep; responses are shown formatted"), REFUSE: _REFUSED},
    ),
    MOJIBAKE: Kind(
        gettext_lazy("Garbled letters (such as â€™)"),
        {KEEP: gettext_lazy("keep"), REFUSE: _REFUSED},
    ),
    ORIGIN: Kind(
        gettext_lazy("Responses were written by"),
        {
            Origin.AI: gettext_lazy("models"),
            Origin.HUMAN: gettext_lazy("people"),
            Origin.AI_EDITED: gettext_lazy("models, and edited by people"),
        },
    ),
}
"""Every choice of an import. The first option is the default."""
ALIASES = {"id": "external_id", "response": "responses", "topic": "topics"}
"""Short names of our columns in a mapping."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a file is read: its columns for ours, and the choices that differ from the defaults."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """The file's column for each of ours; an empty name leaves ours out."""
    chosen: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    """Where ranks, scores and spans of the file were made; empty: the name of its format."""
    as_before: bool = False
    """Whether columns and choices are those of the study's last file with the same columns."""

    @property
    def choices(self) -> dict[str, str]:
        """Return the choice of every kind."""
        return {kind: self.chosen.get(kind, one.default) for kind, one in KINDS.items()}

    def plain(self) -> dict[str, Any]:
        """Return the options as plain values, to store or to send them."""
        plain: dict[str, Any] = {"columns": dict(self.columns), "chosen": dict(self.chosen)}
        plain |= {"source": self.source} if self.source else {}
        return plain | ({"as_before": True} if self.as_before else {})


NO_OPTIONS = Options()


def options_from(plain: Mapping[str, Any]) -> Options | None:
    """Return the options that `plain` made; None for an empty mapping, if nobody chose any.

    Options that choose nothing are not None: they mean that the defaults were chosen.
    """
    if not plain:
        return None
    return Options(
        plain.get("columns", {}),
        plain.get("chosen", {}),
        plain.get("source", ""),
        as_before=plain.get("as_before", False),
    )


class Unknown(ValueError):
    """A mapping or a choice that cannot be read. `str(error)` is a sentence.

    `about` is “map”, “choose” or “source”.
    """

    def __init__(self, about: str, sentence: str) -> None:
        super().__init__(sentence)
        self.about = about


def read_options(
    *, map_: Sequence[str], choose: Sequence[str], columns: Sequence[str], source: str = ""
) -> Options | None:
    """Read `OURS=THEIRS` and `KIND=WHAT` as commands and programs send them; None without any.

    Raises Unknown.

    `columns` are the names of our columns. Whether the file has the other column is checked when
    the file is read.
    """
    if source and (problem := source_problem(source)):
        raise Unknown("source", problem)
    if not map_ and not choose:
        return Options(source=source, as_before=True) if source else None
    return Options(
        dict(_mapping(pair, columns) for pair in map_),
        dict(_choice(pair) for pair in choose),
        source,
    )


def _mapping(pair: str, columns: Sequence[str]) -> tuple[str, str]:
    ours, equals, theirs = pair.partition("=")
    ours = ours.strip().lower()
    ours = ALIASES.get(ours, ours)
    if not equals or ours not in columns:
        raise Unknown(
            "map",
            _("“%(pair)s” is not OURS=THEIRS. Our columns are %(columns)s.")
            % {"pair": pair, "columns": ", ".join(columns)},
        )
    return ours, theirs.strip()


def _choice(pair: str) -> tuple[str, str]:
    kind, _equals, what = (part.strip().lower().replace("-", "_") for part in pair.partition("="))
    if kind not in KINDS:
        raise Unknown(
            "choose",
            _("“%(pair)s” chooses nothing that is known. Choose about %(kinds)s.")
            % {"pair": pair, "kinds": ", ".join(KINDS)},
        )
    if what not in KINDS[kind].options:
        raise Unknown(
            "choose",
            _("“%(pair)s” is no choice. For %(kind)s it is one of %(options)s.")
            % {"pair": pair, "kind": kind, "options": ", ".join(KINDS[kind].options)},
        )
    return kind, what
