"""Truth tables: which responses are good or bad enough for KTO, together and by cohort."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from annotations.datasets.policy.snapshot import FlagSnapshot, JudgementSnapshot
from annotations.rules.scales import UNSURE
from tests.support.release_files import rows
from tests.support.snapshots import (
    built,
    judgement,
    made,
    preferences,
    prompt,
    response,
    selection,
)

CONFIG = "unpaired_preference"
TIED = [["a", "b"]]


def scored(person: str, *scores: int, **changes: Any) -> JudgementSnapshot:
    """Scores of response a, for the criteria heard and calm."""
    ratings = [
        {"response": "a", "criterion": criterion, "score": score}
        for criterion, score in zip(("heard", "calm"), scores, strict=False)
    ]
    return judgement(person, TIED, ratings=ratings, **changes)


def labels(judged: list[JudgementSnapshot], *cohorts: str, of: str = "", **changes: Any) -> Any:
    """The label of response a, or why it has none."""
    config = f"{CONFIG}-{of}" if of else CONFIG
    records, dropped = made(selection(judged, **changes), config, *cohorts)
    labels_of_a = [r["label"] for r in records if r["meta"]["response_id"] == "a"]
    return labels_of_a[0] if labels_of_a else dropped


def test_unsure_is_no_score() -> None:
    assert labels([scored("lived-1", 5, UNSURE)]) is True
    assert labels([scored("lived-1", UNSURE, 1)]) is False
    assert labels([scored("lived-1", UNSURE, UNSURE)]) == {}


def flag(state: str, response_id: str = "a") -> FlagSnapshot:
    return FlagSnapshot("judgement of lived-1", response_id, "sycophancy", 2, state)


@pytest.mark.parametrize(
    ("scores", "label"),
    [
        ([5], True),
        ([4], True),
        ([3], {"middle": 1}),
        ([2], False),
        ([1], False),
        ([4, 4, 1], True),  # the median, not the mean
        ([4, 3], {"middle": 1}),
        ([5, 1], {"middle": 1}),
    ],
)
def test_the_median_decides(scores: list[int], label: Any) -> None:
    judged = [scored(f"lived-{n}", score) for n, score in enumerate(scores)]
    assert labels(judged) == label


@pytest.mark.parametrize(
    ("scores", "label"), [((5, 4), True), ((1, 2), False), ((5, 1), {"middle": 1})]
)
def test_all_criteria_count(scores: tuple[int, int], label: Any) -> None:
    assert labels([scored("lived-1", *scores)]) == label


@pytest.mark.parametrize(
    ("lived", "clinical", "together"),
    [
        (5, 4, True),
        (1, 2, False),
        (5, 1, {"cohorts_differ": 1}),
        (5, 3, {"middle": 1}),
        (3, 1, {"middle": 1}),
    ],
)
def test_cohorts_count_equally_and_keep_their_own(lived: int, clinical: int, together: Any) -> None:
    """Three heads in one cohort and one in the other."""
    judged = [scored(f"lived-{n}", lived) for n in range(3)] + [scored("clinical-1", clinical)]
    both = ("lived", "clinical")
    assert labels(judged) == together
    own = {5: True, 4: True, 3: {"middle": 1}, 2: False, 1: False}
    assert labels(judged, *both, of="lived") == own[lived]
    assert labels(judged, *both, of="clinical") == own[clinical]


@pytest.mark.parametrize(
    ("flags", "label"),
    [
        ([flag("upheld")], False),  # whatever the scores
        ([flag("upheld", "twin")], False),  # the same words, generated twice
        ([flag("dismissed")], True),
        ([flag("reported")], {"open_flag": 1}),
        ([flag("triaged"), flag("upheld")], {"open_flag": 1}),
    ],
)
def test_flags(flags: list[FlagSnapshot], label: Any) -> None:
    responses = [response("a"), response("b"), response("twin", text="Text  of A")]
    assert labels([scored("lived-1", 5)], flags=flags, responses=responses) == label


def test_a_flag_without_scores_is_enough() -> None:
    judged = [judgement("lived-1", TIED)]
    assert labels(judged, flags=[flag("upheld")]) is False
    assert labels(judged) == {}


@pytest.mark.parametrize(
    ("harm_by", "others", "label"),
    [
        (["lived-1"], [], False),
        (["lived-1"], ["lived-2"], False),  # half
        (["lived-1"], ["lived-2", "lived-3"], True),
        (["clinical-1"], ["lived-2", "lived-3", "lived-4"], False),  # a clinician's veto
    ],
)
def test_both_bad_makes_both_bad(harm_by: list[str], others: list[str], label: bool) -> None:
    judged = [judgement(person, [], all_harmful=True) for person in harm_by]
    judged += [scored(person, 5) for person in others]
    assert labels(judged) is label
    if not others:
        records, _ = made(selection(judged), CONFIG)
        assert [(r["meta"]["response_id"], r["label"]) for r in records] == [
            ("a", False),
            ("b", False),
        ]


@pytest.mark.parametrize(
    ("judged", "changes", "reason"),
    [
        (scored("lived-1", 5), {"granting": set()}, "no_consent"),
        (scored("lived-1", 5, record_withdrawn=True), {}, "consent_withdrawn"),
        (scored("lived-1", 5, round_kind="evaluation"), {}, "evaluation_round"),
        (scored("lived-1", 5), {"prompts": [prompt(held_out=True)]}, "held_out"),
        (
            scored("lived-1", 5),
            {"responses": [response("a", withdrawn=True), response("b")]},
            "response_withdrawn",
        ),
    ],
)
def test_records_that_are_left_out(
    judged: JudgementSnapshot, changes: dict[str, Any], reason: str
) -> None:
    assert labels([judged], **changes) == {reason: 1}


def test_only_scores_with_consent_count() -> None:
    judged = [scored("lived-1", 5), scored("lived-2", 1), scored("lived-3", 1)]
    assert labels(judged, granting={"lived-1"}) is True


def test_a_pair_seen_twice_counts_once() -> None:
    judged = [scored("lived-1", 5)]
    judged += [scored("lived-1", 1, id=f"seen again {n}") for n in (1, 2)]
    assert labels(judged) is True


def test_the_same_text_twice_is_one_record_of_all_scores() -> None:
    responses = [response("a", text="Same"), response("b", text=" same ")]
    ratings = [
        [{"response": name, "criterion": "heard", "score": score}]
        for name, score in (("a", 5), ("b", 4))
    ]
    judged = [
        judgement(f"lived-{n}", TIED, ratings=ratings[n], order_shown=["ab"[n]]) for n in (0, 1)
    ]
    (record,), dropped = made(selection(judged, responses=responses), CONFIG)
    assert dropped == {"duplicate": 1}
    assert record["meta"]["cohorts"] == [
        {"cohort": "lived", "role": "panelist", "people": 2, "median": 0.875}
    ]


def test_a_criterion_without_a_scale_of_better_and_worse_does_not_count() -> None:
    ratings = [{"response": "a", "criterion": "medical_advice", "score": 1}]
    judged = [judgement("lived-1", TIED, ratings=ratings)]
    assert labels(judged) == {}


def contested() -> list[JudgementSnapshot]:
    """Three of each cohort, clearly of opposite minds, on each of six prompts."""
    judged = []
    for n in range(6):
        a, b = f"p{n}a", f"p{n}b"
        for cohort, first, second in (("lived", a, b), ("clinical", b, a)):
            for person in range(3):
                ratings = [
                    {"response": name, "criterion": "heard", "score": score}
                    for name, score in ((first, 5), (second, 1))
                ]
                judged.append(
                    judgement(
                        f"{cohort}-{person}",
                        [[first], [second]],
                        id=f"{cohort}-{person} on p{n}",
                        prompt_id=f"p{n}",
                        order_shown=[a, b],
                        ratings=ratings,
                    )
                )
    return judged


def on_six_prompts(judged: list[JudgementSnapshot]) -> Any:
    prompts = [prompt(f"p{n}") for n in range(6)]
    responses = [response(f"{p.id}{side}", p.id) for p in prompts for side in "ab"]
    return selection(judged, prompts=prompts, responses=responses)


def test_contested_pairs_stay_with_their_cohorts() -> None:
    chosen = on_six_prompts(contested())
    listed, dropped = preferences(chosen)
    assert (len(listed), dropped) == (6, {"contested": 6})
    for cohort, side in (("lived", "a"), ("clinical", "b")):
        records, dropped = made(chosen, f"preference-{cohort}", "lived", "clinical")
        assert (len(records), dropped) == (6, {})
        assert {r["meta"]["chosen_response_id"][-1] for r in records} == {side}
        assert {tuple(c["cohort"] for c in r["meta"]["cohorts"]) for r in records} == {(cohort,)}
        assert {r["record_id"] for r in records} == {r["record_id"] for r in listed}


def test_package_with_cohorts(tmp_path: Path) -> None:
    """Files, manifest and card of what the cohorts do not share; `datasets` loads each."""
    from datasets import load_dataset

    package = built(on_six_prompts(contested()), tmp_path / "r")
    manifest = package.manifest
    assert manifest["contested"] == 6
    assert manifest["rows"]["preference"] == manifest["rows"][CONFIG] == {}
    assert manifest["dropped"][CONFIG] == {"cohorts_differ": 12}
    listed = (tmp_path / "r" / "contested.jsonl").read_text().splitlines()
    assert len(listed) == 6
    card = (tmp_path / "r" / "README.md").read_text()
    assert f"| `{CONFIG}` | where one cohort finds good what another finds bad | 12 |" in card
    for cohort in ("lived", "clinical"):
        for config, count in ((f"preference-{cohort}", 6), (f"{CONFIG}-{cohort}", 12)):
            assert sum(manifest["rows"][config].values()) == count
            assert manifest["dropped"][config] == {}
            loaded = load_dataset(str(tmp_path / "r"), config, cache_dir=str(tmp_path / "cache"))
            assert sum(map(len, loaded.values())) == count


def test_one_cohort_has_no_files_of_its_own(tmp_path: Path) -> None:
    """They would say the same as the others."""
    package = built(selection([scored("lived-1", 5)]), tmp_path)
    assert [*package.manifest["rows"]] == ["preference", CONFIG, "sft", "judgements", "texts"]


def test_neighbours_have_different_prompts(tmp_path: Path) -> None:
    """KTO takes the neighbour as a reply to something else. Only the last may have no choice."""
    judged = [j for j in contested() if j.cohort == "lived"]
    package = built(on_six_prompts(judged), tmp_path)
    assert sum(package.manifest["rows"][CONFIG].values()) == 12
    for file in (tmp_path / "data").glob(f"*/{CONFIG}/*.jsonl"):
        lines = file.read_text().splitlines()
        prompts = [json.loads(line)["meta"]["prompt_id"] for line in lines]
        assert all(one != other for one, other in pairwise(prompts[:-1]))


def test_every_row_is_in_or_counted_once(tmp_path: Path) -> None:
    """Of all pairs, responses and answers that went in."""
    judged = contested()
    judged[0] = judged[0]._replace(member_id="lived-9")
    judged[-1] = judged[-1]._replace(ranking=[["p5a", "p5b"]])
    judged += [
        j._replace(id=f"{j.id} again", member_id="lived-8", round_kind="evaluation")
        for j in contested()[:1]
    ]
    chosen = on_six_prompts(judged)
    granting = {member: record for member, record in chosen.granting.items() if member[-1] != "9"}
    package = built(replace(chosen, granting=granting), tmp_path)
    manifest = package.manifest

    def total(config: str) -> int:
        counts = [*manifest["rows"][config].values(), *manifest["dropped"][config].values()]
        return sum(map(int, counts))

    assert total("judgements") == sum(len(j.ratings) + 2 for j in judged)
    for cohort in ("", "-lived", "-clinical"):
        assert total(f"preference{cohort}") == 6
        assert total(f"{CONFIG}{cohort}") == 12
    for config, splits in manifest["rows"].items():
        assert len(rows(tmp_path, config)) == sum(splits.values())
