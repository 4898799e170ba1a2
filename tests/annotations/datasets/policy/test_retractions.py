"""Which records have to be dropped when one person's work is retracted."""

from annotations.datasets.policy.best_replies import best_reply_record_id
from annotations.datasets.policy.pseudonyms import shared_record_id
from annotations.datasets.policy.retractions import RetractedJudgement, records_based_on
from annotations.datasets.policy.unpaired import unpaired_record_id
from tests.support.snapshots import PSEUDONYMS


def test_every_record_that_a_judgement_is_part_of() -> None:
    one = RetractedJudgement(
        "j1",
        [["b"], ["a", "c"]],
        rewritten=["a"],
        shown=[("p", "Text of a"), ("p", "Text of b")],
        order_shown=["b", "a"],
    )
    pairs = [shared_record_id("preference", *pair) for pair in ("ab", "ac", "bc")]
    assert records_based_on([one], PSEUDONYMS) == {
        "judgements": [PSEUDONYMS.name("judgement", "j1")],
        "preference": sorted([*pairs, PSEUDONYMS.name("preference", "j1", "a")]),
        "unpaired_preference": sorted(
            unpaired_record_id("p", text) for text in ("Text of a", "Text of b")
        ),
        "sft": sorted(
            [
                PSEUDONYMS.name("sft", "j1", "a"),
                *(best_reply_record_id("p", text) for text in ("Text of a", "Text of b")),
            ]
        ),
        "comparisons": [shared_record_id("comparisons", "a", "b")],
    }


def test_a_record_of_two_judgements_is_named_once() -> None:
    both = [RetractedJudgement(name, [["a"], ["b"]], []) for name in ("j1", "j2")]
    record_ids = records_based_on(both, PSEUDONYMS)
    assert record_ids["preference"] == [shared_record_id("preference", "a", "b")]
    assert len(record_ids["judgements"]) == 2
    assert record_ids["sft"] == record_ids["unpaired_preference"] == []
