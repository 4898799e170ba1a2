"""The card of an exported model: its front matter and its number types."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from modelhub.engine import export_card

BODY = "---\nbase_model: old\n---\n\n# A card\n"


def lineage(*, base: str = "org/base", kind: str = "adapter") -> dict[str, Any]:
    return {
        "model": {"name": "child", "kind": kind, "method": "dpo"},
        "ancestors": [],
        "base": {"name": base, "revision": "", "licence": "", "note": ""},
        "releases": [],
    }


@pytest.mark.parametrize("name", ["Clinic model: v2", "- # x", '"half', "true", "1.0", "ملف: ٢"])
@pytest.mark.parametrize("merged", [True, False])
def test_every_name_of_a_base_is_read_as_it_is(name: str, merged: bool) -> None:
    card = export_card.card(lineage(base=name), body=BODY, merged=merged).decode()
    front = yaml.safe_load(card.split("---\n")[1])
    assert front["base_model"] == name
    assert front["tags"] == ["codesign", "lora", "dpo"]
    assert "# A card" in card


@pytest.mark.parametrize(
    ("rounds", "writes", "advice"),
    [
        (False, "generates in fp32", "Keep fp32"),
        (True, "generates in bf16", 'Load the model with `dtype="bfloat16"`'),
    ],
)
def test_the_card_of_a_merged_model_names_the_number_type_of_generation(
    rounds: bool, writes: str, advice: str
) -> None:
    card = export_card.card(lineage(), body=BODY, merged=True, rounds=rounds).decode()
    assert writes in card
    assert advice in card
    assert ("Keep fp32" in card) is not rounds


def test_the_card_of_a_reward_model_names_no_number_type_of_generation() -> None:
    for rounds in (False, True):
        card = export_card.card(lineage(kind="scorer"), body=BODY, merged=True, rounds=rounds)
        assert "compared" not in card.decode()
