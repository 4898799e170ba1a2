"""The weights in the source are those of the sentences in the source."""

from __future__ import annotations

import numpy as np

from codesign.care.rules.disclosure import likeness
from codesign.care.rules.disclosure.fitting import fit


def test_the_weights_are_fitted_to_the_sentences() -> None:
    fitted, kept = fit(), likeness._weights()
    differences = np.abs(np.array(fitted.of_buckets) - np.array(kept.of_buckets))
    # other processors round sums differently
    assert np.quantile(differences, 0.99) <= 1, "run manage.py fit_disclosure"
    assert abs(fitted.constant - kept.constant) < 0.05
    assert abs(fitted.unit / kept.unit - 1) < 0.05
