"""Fits the weights of `likeness` to the labelled sentences, except the independent parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_array

from codesign.care.rules.disclosure.detection import sentences_of
from codesign.care.rules.disclosure.likeness import BUCKETS, Weights, buckets_of, size_of
from codesign.care.rules.disclosure.measuring import FITTED, read_sentences
from codesign.care.rules.disclosure.tables import language_codes

STRENGTH = 30.0
"""Inverse strength of the regularisation: the usual C of a logistic regression."""
MOST_STEPS = 300


def fit() -> Weights:
    """Return the weights. Takes some seconds; the same sentences give the same weights."""
    examples, labels = zip(*_examples(), strict=True)
    rows = _matrix(examples)
    wanted = np.array(labels)
    found = _regression(rows, wanted)
    unit = float(np.abs(found[:-1]).max()) / 127
    return Weights(np.rint(found[:-1] / unit).astype(int).tolist(), unit, float(found[-1]))


def _examples() -> Iterator[tuple[set[int], bool]]:
    """Yield the runs of letters of each row, and whether it tells of a crisis.

    Every sentence of a row that does not is one; which sentence of the others does is not known.
    """
    for code in language_codes():
        for part in FITTED:
            for row in read_sentences(code, part):
                sentences = sentences_of(row.text)
                if row.urgency:
                    yield buckets_of([word for words in sentences for word in words]), True
                else:
                    for words in sentences:
                        yield buckets_of(words), False


def _matrix(examples: Sequence[set[int]]) -> csr_array:
    starts = np.cumsum([0, *map(len, examples)])
    columns = np.concatenate([sorted(buckets) for buckets in examples])
    values = np.concatenate([np.full(len(b), 1 / size_of(b)) for b in examples])
    return csr_array((values, columns, starts), shape=(len(examples), BUCKETS))


def _regression(rows: csr_array, wanted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return weights and constant that make the labels likely; both labels count the same."""
    sides = np.where(wanted, 1.0, -1.0)
    counts = STRENGTH * np.where(wanted, 0.5 / wanted.mean(), 0.5 / (1 - wanted.mean()))

    def cost(at: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margins = sides * (rows @ at[:-1] + at[-1])
        slopes = -counts * sides * np.exp(-np.logaddexp(0, margins))
        total = (counts * np.logaddexp(0, -margins)).sum() + at[:-1] @ at[:-1] / 2
        return float(total), np.append(rows.T @ slopes + at[:-1], slopes.sum())

    start = np.zeros(BUCKETS + 1)
    found = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": MOST_STEPS})
    return np.asarray(found.x)
