"""Reads the training records of a release.

Trainers get only the columns that they need. The library's cache is in a folder that the run
deletes, because a shared cache would keep records of people who have withdrawn.
"""

import heapq
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modelhub.engine.checking import takes_system
from modelhub.engine.control_tokens import plain_turns
from modelhub.engine.errors import EngineError, NothingToTrainOn
from modelhub.engine.generate import folded, with_system
from modelhub.engine.libraries import quiet
from modelhub.engine.spec import TrainSpec
from modelhub.engine.weights import sha256_of_file

MOST_VALIDATION = 200
"""Records that are measured after training, which takes two or three minutes on two cores."""
MOST_ON_CURVE = 40
"""Records that are measured five times while a model trains: half a minute each time."""


@dataclass(frozen=True)
class Kind:
    """The config of a release that a method reads, and the name and columns of its records."""

    config: str
    noun: str
    answers: tuple[str, ...]
    extra: tuple[str, ...] = ()


KINDS = {
    "dpo": Kind("preference", "preference pairs", ("chosen", "rejected")),
    "reward": Kind("preference", "preference pairs", ("chosen", "rejected"), ("margin",)),
    "sft": Kind("sft", "example responses", ("completion",)),
    "kto": Kind("unpaired_preference", "good or bad responses", ("completion",), ("label",)),
}


@dataclass
class Records:
    """A dataset for a trainer, and the number of records left out by reason."""

    dataset: Any
    left_out: Counter[str] = field(default_factory=Counter)

    def count_dropped(self, kept: Any) -> None:
        """Count the records that the trainer dropped, which `kept` does not hold."""
        if dropped := len(self.dataset) - len(kept):
            self.left_out["dropped by the trainer"] += dropped


@dataclass(frozen=True)
class Validation:
    """Records that are not used for training: `records` measured, out of `of` usable ones.

    `curve` are those that are measured while the model trains, or all.
    """

    dataset: Any
    curve: Any
    records: int
    of: int


def load_records(spec: TrainSpec, tokenizer: Any, cache: Path) -> Records:
    """Return the training split for this method; raises NothingToTrainOn if it is empty."""
    kind = KINDS[spec.method]
    rows = _rows(spec.release_dir, kind, cache, "train")
    if not rows:
        raise NothingToTrainOn(f"This release has no {kind.noun} to train on.")
    kept, left_out = _usable(rows, kind, spec, tokenizer)
    if not kept:
        counts = ", ".join(f"{count} {reason}" for reason, count in sorted(left_out.items()))
        raise NothingToTrainOn(f"This release has no usable {kind.noun} ({counts}).")
    if spec.method == "kto":
        kept = _for_kto(kept, spec)
    return Records(_dataset(kept), left_out)


def load_validation(spec: TrainSpec, tokenizer: Any, cache: Path) -> Validation | None:
    """Return the validation split for this method, or None if it has too few records.

    The result has at most `MOST_VALIDATION` records, evenly spaced, the same in every run.
    """
    kind = KINDS[spec.method]
    rows = _rows(spec.release_dir, kind, cache, "validation")
    kept, _ = _usable(rows, kind, spec, tokenizer)
    sample = _spaced(kept, MOST_VALIDATION, spec)
    if not sample:
        return None
    curve = _spaced(sample, MOST_ON_CURVE, spec)
    return Validation(_dataset(sample), _dataset(curve), len(sample), len(kept))


def _spaced(records: list[dict[str, Any]], most: int, spec: TrainSpec) -> list[dict[str, Any]]:
    """Return at most `most` records, evenly spaced. For KTO, they fill whole batches."""
    sample = records[:: -(-len(records) // most) or 1]
    if spec.method == "kto":  # compares records within a batch
        sample = sample[: len(sample) - len(sample) % spec.params.batch_size]
    return sample


def _usable(
    rows: list[dict[str, Any]], kind: Kind, spec: TrainSpec, tokenizer: Any
) -> tuple[list[dict[str, Any]], Counter[str]]:
    """Return the records that can be used, and the number of others by reason."""
    kept: list[dict[str, Any]] = []
    left_out: Counter[str] = Counter()
    fold = not takes_system(tokenizer)
    for row in rows:
        try:
            record = _record(row, kind, spec.system_message, tokenizer)
            if fold:
                record["prompt"] = folded(record["prompt"])
            reason = _reason(record, kind, tokenizer, spec.params.max_length)
        except EngineError:
            reason = "whose prompt is not a conversation"
        if reason:
            left_out[reason] += 1
        else:
            kept.append(record)
    return kept, left_out


def _dataset(records: list[dict[str, Any]]) -> Any:
    from datasets import Dataset

    common = set.intersection(*(set(record) for record in records))
    return Dataset.from_list([{k: r[k] for k in sorted(common)} for r in records])


def _for_kto(records: list[dict[str, Any]], spec: TrainSpec) -> list[dict[str, Any]]:
    """Return the records in an order in which neighbours have different prompts, if possible.

    KTO uses the neighbour of a record in the batch as an unrelated response.
    """
    labels = {record["label"] for record in records}
    if len(labels) < 2:
        only = "good" if True in labels else "bad"
        raise NothingToTrainOn(
            f"KTO needs good and bad responses. All responses of this release are {only}."
        )
    return spread(records, seed=spec.seed)


def spread(records: list[dict[str, Any]], *, seed: int) -> list[dict[str, Any]]:
    """Return the records in a seeded order in which neighbours have different prompts, if possible.

    The next record is always of the prompt with the most records left, except the last prompt.
    """
    order = random.Random(seed)  # noqa: S311 - not for cryptography
    piles: dict[str, list[dict[str, Any]]] = {}
    for record in order.sample(records, len(records)):
        piles.setdefault(json.dumps(record["prompt"]), []).append(record)
    heap = [(-len(pile), order.random(), prompt) for prompt, pile in piles.items()]
    heapq.heapify(heap)
    taken: list[dict[str, Any]] = []
    while heap:
        first = heapq.heappop(heap)
        again = bool(taken) and json.dumps(taken[-1]["prompt"]) == first[2]
        size, _, prompt = heapq.heapreplace(heap, first) if again and heap else first
        taken.append(piles[prompt].pop())
        if size + 1 < 0:
            heapq.heappush(heap, (size + 1, order.random(), prompt))
    return taken


def manifest_sha256(release_dir: Path) -> str:
    """Return the hash of a release's manifest; empty without one."""
    manifest = release_dir / "manifest.json"
    return sha256_of_file(manifest) if manifest.is_file() else ""


def _rows(release_dir: Path, kind: Kind, cache: Path, split: str) -> list[dict[str, Any]]:
    with quiet():
        from datasets import disable_progress_bars, get_dataset_config_names, load_dataset

        disable_progress_bars()
        splits: Any = {}
        if kind.config in _configs(release_dir, get_dataset_config_names):
            splits = load_dataset(str(release_dir), kind.config, cache_dir=str(cache))
    return list(splits[split]) if split in splits else []


def _configs(release_dir: Path, names: Any) -> list[str]:
    from datasets.exceptions import DataFilesNotFoundError

    try:
        return list(names(str(release_dir)))
    except (DataFilesNotFoundError, FileNotFoundError):
        return []


def _record(row: dict[str, Any], kind: Kind, system_message: str, tokenizer: Any) -> dict[str, Any]:
    """Return what a trainer reads of a record. Its texts contain no control tokens."""
    record = {"prompt": with_system(_messages(row["prompt"]), system_message)}
    record |= {name: _messages(row[name]) for name in kind.answers}
    record = {name: plain_turns(turns, tokenizer) for name, turns in record.items()}
    return record | {name: row[name] for name in kind.extra if row.get(name) is not None}


def _messages(turns: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{"role": turn["role"], "content": turn["content"]} for turn in turns]


def _reason(record: dict[str, Any], kind: Kind, tokenizer: Any, max_length: int) -> str:
    """Return why a record is left out; empty if it can be used."""
    answers = [json.dumps(record[name]) for name in kind.answers]
    if len(set(answers)) < len(answers):
        return "with the same text on both sides"
    if not all(record[name][-1]["content"].strip() for name in kind.answers):
        return "with an empty response"
    # The library would truncate a long record and learn from a response without its end.
    if any(_tokens(tokenizer, record["prompt"] + record[n]) > max_length for n in kind.answers):
        return "longer than the longest record allowed"
    return ""


def _tokens(tokenizer: Any, messages: list[dict[str, str]]) -> int:
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    return len(tokenizer(text, add_special_tokens=False)["input_ids"])
