#!/usr/bin/env bash
# irrCAC 0.4.4: Krippendorff's alpha with weights="ordinal" is not Krippendorff's ordinal alpha.
#
# Expected: CAC(data, weights="ordinal").krippendorff() gives the published 0.815 for Krippendorff's example
# (Computing Krippendorff's Alpha-Reliability, 2011: four observers, twelve units, missing values), as "identity"
# gives the published nominal 0.743, "quadratic" the interval 0.849 and "ratio" the ratio 0.797.
# Seen: 0.8336. The weights are Gwet's, which depend on the number of categories between two values, not on how
# often these were used, as Krippendorff's ordinal difference does.
# What it means for us: our reports give Krippendorff's figure; who recomputes it needs the package krippendorff.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check irrCAC==0.4.4 krippendorff==0.9.0 pandas==2.3.3
"$work/venv/bin/python" - <<'PYTHON'
import warnings
from importlib.metadata import version

import krippendorff
import numpy
import pandas
from irrCAC.raw import CAC

warnings.simplefilter("ignore")
NONE = numpy.nan
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NONE, NONE, NONE],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NONE, 3],
    [NONE, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NONE],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NONE],
]
WEIGHTS = {"nominal": "identity", "ordinal": "ordinal", "interval": "quadratic", "ratio": "ratio"}
PUBLISHED = {"nominal": 0.743, "ordinal": 0.815, "interval": 0.849, "ratio": 0.797}
units = pandas.DataFrame(numpy.array(OBSERVERS).T)
print("irrCAC", version("irrCAC"), "krippendorff", version("krippendorff"))
different = {}
for level, published in PUBLISHED.items():
    alpha = CAC(units, weights=WEIGHTS[level]).krippendorff()["est"]["coefficient_value"]
    other = krippendorff.alpha(numpy.array(OBSERVERS), level_of_measurement=level)
    print(f"{level:9} published {published:.3f}, krippendorff {other:.3f}, irrCAC {alpha:.4f}")
    assert round(other, 3) == published
    if round(alpha, 3) != published:
        different[level] = round(alpha, 4)
assert different == {"ordinal": 0.8336}, "the behaviour changed"
PYTHON
