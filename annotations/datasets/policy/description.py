"""What the manifest says of the policy, so that a recipient knows how records were made.

It is always in English: a release has the same bytes whatever the language of the person or process
that builds it.
"""

from __future__ import annotations

from collections.abc import Mapping

from annotations.rules.releases import POLICY

POLICY_DESCRIPTION: Mapping[str, str] = {
    "name": POLICY,
    "weight": "cohorts count equally, not heads: p = (w + t/2 + 1/2) / (n + 1) in each, then the"
    " mean",
    "pairs": "one record per pair of responses; every pair of a ranking is a vote, and each pair of"
    " a ranking of k weighs 2/k, tied pairs included, so that all of them weigh k - 1",
    "ties": "make no record",
    "contested": "cohorts lean to opposite sides, and each side has a cohort whose 90% interval (of"
    " its people, one vote each) excludes 1/2: listed, not pooled",
    "undecided": "cohorts lean to opposite sides, and one side has no cohort with three votes, so"
    " that no interval could exclude 1/2: listed, not pooled",
    "cycle": "the pooled votes on a prompt prefer a to b, b to c and c to a (a strongly connected"
    " component; responses with the same text are one): all its pairs are listed, none is a record",
    "least": "a preference with a lower p or margin than the release asked for (`least`) makes no"
    " record",
    "unpaired": "a cohort's median score from 3/4 of the scale up is good, from 1/4 down bad, and"
    " so is a text that was found harmful; all cohorts that scored it agree",
    "by_cohort": "the same rules with the votes and scores of one cohort, if there are several",
    "all_harmful": "no record if a clinician, or half of all who judged, found harm in both"
    " responses, whatever they consent to",
    "texts": "a prompt or response that may contain personal data makes no record of text until a"
    " coordinator clears it",
    "flags": "a flag that is not yet decided keeps a record out; a harmful text is never chosen",
    "rewrites": "accepted, changed in more than capitals, spaces and punctuation, without personal"
    " data; preferred to the original alone",
    "rows": "unweighted; no row is repeated",
}
BEST_RATED: Mapping[str, str] = {
    "best_rated": "sft also contains, of each prompt, the reply with the highest mean of the"
    " cohorts' medians among those with a median at or above `least.median` (a share of the scale)"
    " in every cohort of the release, and without a report of harm that is open or upheld",
}
"""Part of the description of releases that ask for the best-rated replies."""
