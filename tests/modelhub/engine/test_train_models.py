"""Training and merging of models of several architectures, and models that cannot be trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from modelhub.engine.libraries import quiet
from modelhub.engine.merging import merge_into
from modelhub.engine.progress import Exit
from modelhub.engine.records import load_records
from modelhub.engine.spec import parse_spec
from tests.support.architectures import model_of, with_template, without_template
from tests.support.engine_release import pair, write_release
from tests.support.training_process import SHORT, Trainer

pytestmark = pytest.mark.slow

LAYERS = {
    "qwen2": {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"},
    "gemma": {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"},
    "gpt_neox": {"query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"},
    "gpt2": {"c_attn", "c_proj", "c_fc"},
}
"""The linear layers of each architecture that get an adapter."""
FAILS = "{{ raise_exception('No conversations') }}"
NO_SYSTEM = """{% if messages[0]['role'] == 'system' %}{{ raise_exception('No system role') }}\
{% endif %}{% for message in messages %}<{{ message['role'] }}>{{ message['content'] }}\
{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    splits = {"train": [pair(i) for i in range(4)]}
    return write_release(tmp_path_factory.mktemp("release"), preference=splits)


@pytest.mark.parametrize(
    ("architecture", "method"),
    [("qwen2", "dpo"), ("gemma", "dpo"), ("gpt_neox", "dpo"), ("gpt2", "dpo"), ("gpt2", "reward")],
)
def test_adapters_are_on_every_linear_layer_and_merge(
    tmp_path: Path, embedded_model: Path, release: Path, architecture: str, method: str
) -> None:
    base = model_of(architecture, tmp_path / "base", embedded_model)
    params = SHORT | {"learning_rate": 1e-2, "max_steps": 3}
    code, result = Trainer(tmp_path, base).run("run", release, method=method, params=params)
    assert code == Exit.DONE, result
    assert result["said"] == ""
    adapter = Path(result["adapter"])
    config = json.loads((adapter / "adapter_config.json").read_text())
    assert {name.rpartition(".")[2] for name in config["target_modules"]} == LAYERS[architecture]
    merge_into(tmp_path / "merged", base=base, adapter=adapter, scores=method == "reward")
    beside, merged, untrained = (
        numbers(method, *which)
        for which in ((base, adapter), (tmp_path / "merged", None), (base, None))
    )
    assert merged == pytest.approx(beside, abs=1e-5)
    if method != "reward":  # the scoring layer of an untrained model is random
        assert beside != pytest.approx(untrained, abs=1e-4)


def numbers(method: str, folder: Path, adapter: Path | None) -> list[float]:
    """What a model computes for a text."""
    with quiet():
        import torch
        from peft import PeftModel
        from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

        kind: Any = AutoModelForCausalLM
        more: dict[str, Any] = {"dtype": torch.float32}
        if method == "reward":
            kind, more = AutoModelForSequenceClassification, {**more, "num_labels": 1}
        model: Any = kind.from_pretrained(folder, **more)
        if adapter:
            model = PeftModel.from_pretrained(model, adapter)
        with torch.inference_mode():
            logits = model.eval()(input_ids=torch.arange(5, 15)[None]).logits
    return [float(number) for number in logits.flatten()[-20:]]


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (None, "This model has no chat template"),
        (FAILS, "The chat template of this model fails: No conversations"),
    ],
    ids=["none", "fails"],
)
def test_a_model_that_cannot_write_conversations_is_refused(
    tmp_path: Path, embedded_model: Path, release: Path, template: str | None, said: str
) -> None:
    base = model_of("llama", tmp_path / "base", embedded_model)
    if template is None:
        without_template(base)
    else:
        with_template(base, template)
    code, result = Trainer(tmp_path, base).run("run", release)
    assert code == Exit.FAILED
    assert said in result["error"]


def test_without_a_role_for_it_the_system_message_begins_the_first_turn(
    tmp_path: Path, embedded_model: Path, release: Path
) -> None:
    """As in generation, so that a model is trained on what it is asked later."""
    base = with_template(model_of("llama", tmp_path / "base", embedded_model), NO_SYSTEM)
    trainer = Trainer(tmp_path, base)
    wanted = parse_spec(json.loads(trainer.spec("run", release).read_text()))
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    prompt = load_records(wanted, tokenizer, tmp_path / "cache").dataset[0]["prompt"]
    assert [turn["role"] for turn in prompt] == ["user"]
    assert prompt[0]["content"].startswith("Be kind.\n\nNight 0")
    code, result = trainer.run("run", release)
    assert code == Exit.DONE, result
