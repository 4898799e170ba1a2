"""What all records of text have in common."""

from annotations.datasets.policy.record_fields import completion, shared_meta
from tests.support.snapshots import judgement, prompt


def test_the_shared_part_of_meta() -> None:
    people = [
        judgement("lived-1", [], rubric="lived@2"),
        judgement("lived-2", [], rubric="lived@1", example=True),
        judgement("lived-3", [], rubric="lived@2"),
    ]
    meta = shared_meta(prompt(topics=["work", "sleep"]), iter(people), "comparison")
    assert meta == {
        "kind": "comparison",
        "example": True,
        "prompt_id": "p",
        "category": "education",
        "topics": ["sleep", "work"],
        "intensity": 1,
        "language": "en",
        "rubrics": ["lived@1", "lived@2"],
    }
    assert shared_meta(prompt(), people[:1], "comparison")["example"] is False


def test_a_completion_is_one_reply_of_the_assistant() -> None:
    assert completion("Breathe.") == [{"role": "assistant", "content": "Breathe."}]
