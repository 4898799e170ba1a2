"""Files of `judgements`, which has by far the most rows of a release.

Values that repeat are encoded once, both as JSON and for Arrow, and a block of rows is put together
from them by index, so that nothing is done for each row in Python.
"""

from __future__ import annotations

import functools
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from annotations.datasets.plumbing import columns
from annotations.datasets.plumbing.files import ENCODER, FileEntry
from annotations.datasets.plumbing.schemas import schemas
from annotations.datasets.plumbing.writers import ConfigFiles, RowGroup
from annotations.datasets.policy.judgement_rows import (
    ABSENT,
    NO_RESPONSE,
    Attachments,
    Row,
    Statement,
    rows_of,
)
from annotations.datasets.policy.pseudonyms import Pseudonyms
from annotations.datasets.policy.snapshot import JudgementSnapshot, PromptSnapshot
from annotations.rules.releases import DropReason

Value = TypeVar("Value")
BLOCK_ROWS = 3_000
"""Approximate rows in a Parquet row group: so many are in memory at once."""


class Shared(NamedTuple):
    """What all rows of a judgement have in common."""

    name: str
    rater: str
    judgement: JudgementSnapshot
    prompt: PromptSnapshot


class _Index(dict[Value, int]):
    """Distinct values, in the order of their first occurrence, and the index of each."""

    def __missing__(self, value: Value) -> int:
        self[value] = index = len(self)
        return index


class _Block:
    """The rows of a row group, each as three indexes into lists of distinct values."""

    def __init__(self) -> None:
        self.shared: list[Shared] = []
        self.responses = _Index[tuple[str, str, int]]()
        """(id, model version, position in which it was shown) → index; one without an id."""
        self.statements = _Index[Statement]()
        self.indexes = {name: array("i") for name in ("shared", "response", "statement")}
        self.row_numbers = array("i")
        """Number of each row within its judgement, from 0."""

    def __len__(self) -> int:
        return len(self.row_numbers)

    def add(self, shared: Shared, responses: Mapping[str, int], rows: list[Row]) -> None:
        """Add the rows of a judgement; `responses` has the index of each response."""
        statements, count = self.statements, len(rows)
        self.indexes["shared"].extend([len(self.shared)] * count)
        self.indexes["response"].extend([responses[response_id] for response_id, _ in rows])
        self.indexes["statement"].extend([statements[statement] for _, statement in rows])
        self.row_numbers.extend(range(count))
        self.shared.append(shared)


class JudgementFiles:
    """Writes judgements, about `BLOCK_ROWS` rows in a row group."""

    def __init__(self, files: ConfigFiles, pseudonyms: Pseudonyms, purpose: str) -> None:
        self._files = files
        self._purpose = purpose
        self._block = _Block()
        self._rater = functools.cache(pseudonyms.rater)

    def add(
        self,
        name: str,
        judgement: JudgementSnapshot,
        attachments: Attachments,
        dropped: Counter[str],
    ) -> int:
        """Add one judgement under its name in this release; returns the number of its rows.

        Rows about a withdrawn response are counted in `dropped` instead.
        """
        responses: dict[str, int] = {}
        for position, response_id in enumerate(judgement.order_shown, start=1):
            response = attachments.responses[response_id]
            if not response.withdrawn:
                shown = (response_id, response.model.id, position)
                responses[response_id] = self._block.responses[shown]
        all_rows = rows = rows_of(judgement, attachments)
        if len(responses) < len(judgement.order_shown):
            rows = [row for row in all_rows if row[0] in responses or row[0] == NO_RESPONSE]
            dropped[DropReason.RESPONSE_WITHDRAWN] += len(all_rows) - len(rows)
        if judgement.turn_ratings:
            responses[NO_RESPONSE] = self._block.responses[NO_RESPONSE, "", ABSENT]
        rater = self._rater(judgement.member_id)
        self._block.add(Shared(name, rater, judgement, attachments.prompt), responses, rows)
        if len(self._block) >= BLOCK_ROWS:
            self._flush()
        return len(rows)

    def _flush(self) -> None:
        block, self._block = self._block, _Block()
        self._files.add(functools.partial(_row_group, block, self._purpose), len(block))

    @property
    def rows(self) -> int:
        """Rows added so far."""
        return self._files.rows + len(self._block)

    def close(self) -> list[FileEntry]:
        """Write the remaining rows and finish the files."""
        if len(self._block):
            self._flush()
        return self._files.close()


def _row_group(block: _Block, purpose: str) -> RowGroup:
    """The rows of a block as JSON lines and as Arrow arrays."""
    import pyarrow.compute as pc

    indexes = {name: columns.integers(values) for name, values in block.indexes.items()}
    names = columns.strings([shared.name for shared in block.shared]).take(indexes["shared"])
    record_ids = pc.binary_join_element_wise(names, _as_text(block.row_numbers), "-")
    by_name = _arrays(block, purpose, indexes) | {"record_id": record_ids}
    return RowGroup(
        columns.joined_text(_json_lines(block, purpose, indexes, record_ids)),
        [by_name[name] for name in schemas()["judgements"].names],
    )


def _as_text(numbers: array[int]) -> Any:
    """An array of small whole numbers as text."""
    texts = columns.strings([str(number) for number in range(max(numbers) + 1)])
    return texts.take(columns.integers(numbers))


# --- JSON lines ----------------------------------------------------------------------------------


def _json_lines(block: _Block, purpose: str, indexes: Mapping[str, Any], record_ids: Any) -> Any:
    """An array of lines, joined from pieces that are encoded once and repeat."""
    import pyarrow.compute as pc

    starts = columns.strings([_start_json(shared) for shared in block.shared])
    people = columns.strings([_person_json(shared) for shared in block.shared])
    ends = columns.strings([_end_json(shared, purpose) for shared in block.shared])
    responses = columns.strings(
        [
            f'"response_id":"{r}","model_version_id":"{m}",' if r else f'"model_version_id":"{m}",'
            for r, m, _ in block.responses
        ]
    )
    positions = columns.strings(
        ["" if place == ABSENT else f',"position":{place}' for _, _, place in block.responses]
    )
    statements = columns.strings([_statement_json(one) for one in block.statements])
    return pc.binary_join_element_wise(
        '{"record_id":"',
        record_ids,
        starts.take(indexes["shared"]),
        responses.take(indexes["response"]),
        people.take(indexes["shared"]),
        statements.take(indexes["statement"]),
        positions.take(indexes["response"]),
        ends.take(indexes["shared"]),
        "",
    )


def _start_json(shared: Shared) -> str:
    """What follows the record's id, up to the response."""
    round_id, prompt_id = shared.judgement.round_id, shared.prompt.id
    return f'","judgement_id":"{shared.name}","round":"{round_id}","prompt_id":"{prompt_id}",'


def _person_json(shared: Shared) -> str:
    """What follows the response, up to the statement."""
    judgement = shared.judgement
    return _person_fields(shared.rater, judgement.cohort, judgement.role, judgement.rubric) + ","


@functools.lru_cache(maxsize=10_000)
def _person_fields(rater: str, cohort: str, role: str, rubric: str) -> str:
    return _fields_json(
        {"rater_pseudonym": rater, "cohort": cohort, "role": role, "rubric": rubric}
    )


def _end_json(shared: Shared, purpose: str) -> str:
    """What follows the position, up to the end of the line."""
    judgement, prompt = shared.judgement, shared.prompt
    rest = _end_fields(
        judgement.propensity,
        judgement.consent_version,
        purpose,
        judgement.example,
        prompt.category,
        prompt.intensity,
        prompt.language,
    )
    day = f'"day":"{judgement.day}",' if judgement.day else ""
    return f',"active_ms":{judgement.active_ms},{day}{rest}}}\n'


@functools.lru_cache(maxsize=10_000, typed=True)  # 1 and 1.0 are equal, and read differently
def _end_fields(
    propensity: float,
    consent_version: int,
    purpose: str,
    example: bool,
    category: str,
    intensity: int,
    language: str,
) -> str:
    return _fields_json(
        {
            "propensity": propensity,
            "consent_version": consent_version,
            "consent_scope": purpose,
            "meta": {
                "example": example,
                "category": category,
                "intensity": intensity,
                "language": language,
            },
        }
    )


@functools.lru_cache(maxsize=10_000)
def _statement_json(statement: Statement) -> str:
    """A statement without the fields that its kind does not have."""
    fields = statement._asdict()
    for name in ("strength", "start", "end", "turn"):
        if fields[name] == ABSENT:
            del fields[name]
    for name in ("review", "option"):
        if not fields[name]:
            del fields[name]
    return _fields_json(fields)


def _fields_json(fields: dict[str, Any]) -> str:
    """The inside of a JSON object."""
    return ENCODER.encode(fields)[1:-1]


# --- Arrow arrays --------------------------------------------------------------------------------


def _arrays(block: _Block, purpose: str, indexes: Mapping[str, Any]) -> dict[str, Any]:
    """Column → array: each distinct value is made once, then repeated by index."""
    response_ids, models, positions = zip(*block.responses, strict=True)
    distinct = {
        "shared": _shared_arrays(block.shared, purpose),
        "response": {
            "response_id": columns.strings(response_ids, or_null=True),
            "model_version_id": columns.strings(models),
            "position": columns.integers(positions, or_null=True),
        },
        "statement": _statement_arrays([*block.statements]),
    }
    return {
        column: values.take(indexes[part])
        for part, arrays in distinct.items()
        for column, values in arrays.items()
    }


def _statement_arrays(statements: Sequence[Statement]) -> dict[str, Any]:
    return {
        "kind": columns.strings([s.kind for s in statements]),
        "criterion": columns.strings([s.criterion for s in statements]),
        "value": columns.floats(s.value for s in statements),
        "is_tie": columns.booleans(s.is_tie for s in statements),
        "strength": columns.integers((s.strength for s in statements), or_null=True),
        "start": columns.integers((s.start for s in statements), or_null=True),
        "end": columns.integers((s.end for s in statements), or_null=True),
        "review": columns.strings([s.review for s in statements], or_null=True),
        "turn": columns.integers((s.turn for s in statements), or_null=True),
        "option": columns.strings([s.option for s in statements], or_null=True),
    }


def _shared_arrays(shared: Sequence[Shared], purpose: str) -> dict[str, Any]:
    import pyarrow as pa

    names, raters, judgements, prompts = zip(*shared, strict=True)
    meta = {
        "example": columns.booleans(j.example for j in judgements),
        "category": columns.strings([p.category for p in prompts]),
        "intensity": columns.integers(p.intensity for p in prompts),
        "language": columns.strings([p.language for p in prompts]),
    }
    return {
        "judgement_id": columns.strings(names),
        "round": columns.strings([j.round_id for j in judgements]),
        "prompt_id": columns.strings([p.id for p in prompts]),
        "rater_pseudonym": columns.strings(raters),
        "cohort": columns.strings([j.cohort for j in judgements]),
        "role": columns.strings([j.role for j in judgements]),
        "rubric": columns.strings([j.rubric for j in judgements]),
        "active_ms": columns.integers((j.active_ms for j in judgements), long=True),
        "day": columns.days([j.day for j in judgements]),
        "propensity": columns.floats(j.propensity for j in judgements),
        "consent_version": columns.integers(j.consent_version for j in judgements),
        "consent_scope": columns.strings([purpose] * len(judgements)),
        "meta": pa.StructArray.from_arrays([*meta.values()], names=[*meta]),
    }
