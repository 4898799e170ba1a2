"""Which folders are usable models or adapters, and the errors of the others."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from modelhub.engine.checking import changed_file, check_adapter, check_base
from modelhub.engine.errors import EngineError
from modelhub.engine.generate import Request, generate_batch
from modelhub.engine.weights import load
from tests.support.small_model import TEMPLATE, WITHOUT_SYSTEM, made_up_adapter, made_up_model


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_up_model(tmp_path_factory.mktemp("good") / "model")


@pytest.fixture(scope="module")
def good_adapter(good: Path) -> Path:
    return made_up_adapter(good.parent / "adapter", good, layers=("q_proj", "up_proj"))


def change_json(file: Path, **values: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


def change_weights(file: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    weights = load_file(file)
    change(weights)
    save_file(weights, file, metadata={"format": "pt"})


def pickled(folder: Path, name: str, pickle: str) -> None:
    (folder / name).unlink()
    torch.save({}, folder / pickle)


def test_facts_of_a_good_model(good: Path) -> None:
    facts = check_base(good)
    weights = load_file(good / "model.safetensors")
    assert facts["architecture"] == "LlamaForCausalLM"
    assert facts["parameters"] == sum(weight.numel() for weight in weights.values())
    assert (facts["vocabulary"], facts["context"], facts["system"]) == (16, 128, True)
    assert facts["sizes"]["model.safetensors"] == (good / "model.safetensors").stat().st_size
    assert "tokenizer.json" in facts["sizes"]


def test_the_licence_is_read_from_the_card(good: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(good, tmp_path / "model")
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# A model\n")
    assert check_base(folder)["licence"] == "apache-2.0"


CONFIG, WEIGHTS, INDEX = "config.json", "model.safetensors", "model.safetensors.index.json"
UP = "model.layers.1.mlp.up_proj.weight"
MODELS: list[tuple[Callable[[Path], object], str]] = [
    (lambda f: (f / CONFIG).unlink(), "not in the layout of transformers. It has no config.json"),
    (lambda f: (f / CONFIG).write_text("{"), "config.json is not valid JSON"),
    (lambda f: (f / CONFIG).write_text("[]"), "config.json is not valid JSON"),
    (lambda f: change_json(f / CONFIG, model_type="unheard"), "does not know models of the type"),
    (
        lambda f: change_json(f / CONFIG, model_type="own", auto_map={"AutoConfig": "own.Own"}),
        "needs Python code of its own",
    ),
    (
        lambda f: change_json(f / CONFIG, architectures=["LlamaForSequenceClassification"]),
        "This is a LlamaForSequenceClassification, which does not write text",
    ),
    (lambda f: (f / WEIGHTS).unlink(), "There are no weights"),
    (lambda f: pickled(f, WEIGHTS, "pytorch_model.bin"), "The weights are pickled"),
    (lambda f: pickled(f, WEIGHTS, "model.pt"), "The weights are pickled"),
    (
        lambda f: (f / WEIGHTS).rename(f / "model.gguf"),
        "holds a GGUF file. Register that file instead",
    ),
    (lambda f: (f / WEIGHTS).write_bytes(b"half"), "model.safetensors is damaged"),
    (
        lambda f: (f / INDEX).write_text(json.dumps({"weight_map": {"a": "model-2.safetensors"}})),
        "The file model-2.safetensors is missing",
    ),
    (
        lambda f: change_weights(f / WEIGHTS, lambda w: w.pop(UP)),
        f"1 weights of a LlamaForCausalLM are missing, such as {UP}",
    ),
    (
        lambda f: change_weights(f / WEIGHTS, lambda w: w.update({UP: torch.zeros(3, 5)})),
        f"The weight {UP} has the shape 3 x 5, but config.json needs 64 x 32",
    ),
    (lambda f: (f / "tokenizer.json").unlink(), "has no tokenizer"),
    (lambda f: (f / "tokenizer.json").write_text("{"), "The tokenizer cannot be loaded"),
    (lambda f: (f / "chat_template.jinja").unlink(), "has no chat template"),
    (
        lambda f: (f / "chat_template.jinja").write_text("{{ raise_exception('never') }}"),
        "The chat template of this model fails: never",
    ),
]


@pytest.mark.parametrize(("spoil", "sentence"), MODELS, ids=[says[:40] for _, says in MODELS])
def test_a_model_that_cannot_be_used(
    good: Path, tmp_path: Path, spoil: Callable[[Path], object], sentence: str
) -> None:
    folder = shutil.copytree(good, tmp_path / "model")
    spoil(folder)
    with pytest.raises(EngineError) as refused:
        check_base(folder)
    assert sentence in str(refused.value)


def test_a_tokenizer_of_another_model_is_refused(good: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(good, tmp_path / "model")
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["model"]["vocab"] |= {f"word{n}": 16 + n for n in range(9)}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(EngineError, match="knows 25 tokens, but the model only 16"):
        check_base(folder)


def test_a_folder_that_is_none_or_holds_an_adapter(good_adapter: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="There is no folder"):
        check_base(tmp_path / "none")
    with pytest.raises(EngineError, match="Register it as an adapter of its base"):
        check_base(good_adapter)


def test_every_weight_of_a_good_adapter_fits(good: Path, good_adapter: Path) -> None:
    facts = check_adapter(good_adapter, good)
    assert (facts["weights"], facts["rank"]) == (8, 4)
    assert facts["targets"] == ["q_proj", "up_proj"]
    assert facts["trained_on"] == "model"


LORA = "base_model.model.model.layers.1.mlp.up_proj.lora_A.weight"
ADAPTER = "adapter_model.safetensors"
ADAPTERS: list[tuple[Callable[[Path], object], str]] = [
    (lambda f: (f / "adapter_config.json").unlink(), "not an adapter of PEFT"),
    (
        lambda f: change_json(f / "adapter_config.json", peft_type="PREFIX_TUNING"),
        "of the type PREFIX_TUNING",
    ),
    (lambda f: pickled(f, ADAPTER, "adapter_model.bin"), "The weights are pickled"),
    (
        lambda f: change_json(f / "adapter_config.json", target_modules=["query"]),
        "The adapter does not fit its base",
    ),
    (
        lambda f: change_weights(
            f / ADAPTER, lambda w: w.update({LORA.replace(".1.", ".7."): torch.zeros(4, 32)})
        ),
        "1 of 9 weights of the adapter have no place in this base",
    ),
    (
        lambda f: change_weights(f / ADAPTER, lambda w: w.pop(LORA)),
        f"no weights for 1 of its 8 places, such as {LORA}",
    ),
    (
        lambda f: change_weights(f / ADAPTER, lambda w: w.update({LORA: torch.zeros(4, 9)})),
        "has the shape 4 x 9, but this base needs 4 x 32",
    ),
]


@pytest.mark.parametrize(("spoil", "sentence"), ADAPTERS, ids=[says[:40] for _, says in ADAPTERS])
def test_an_adapter_that_does_not_fit(
    good: Path,
    good_adapter: Path,
    tmp_path: Path,
    spoil: Callable[[Path], object],
    sentence: str,
) -> None:
    folder = shutil.copytree(good_adapter, tmp_path / "adapter")
    spoil(folder)
    with pytest.raises(EngineError) as refused:
        check_adapter(folder, good)
    assert sentence in str(refused.value)


def test_an_adapter_of_another_base_is_refused(good_adapter: Path, tmp_path: Path) -> None:
    wider = made_up_model(tmp_path / "wider", hidden=64)
    with pytest.raises(EngineError, match="Choose the base that it was trained on"):
        check_adapter(good_adapter, wider)


def test_files_that_changed_since_the_check_are_noticed(good: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(good, tmp_path / "model")
    sizes = check_base(folder)["sizes"]
    assert changed_file(folder, sizes) == ""
    (folder / "tokenizer.json").unlink()
    assert changed_file(folder, sizes) == "tokenizer.json"


@pytest.mark.parametrize("template", [TEMPLATE, WITHOUT_SYSTEM + TEMPLATE])
def test_a_registered_model_writes_with_and_without_system_turns(
    tmp_path: Path, template: str
) -> None:
    folder = made_up_model(tmp_path / "model", template=template)
    assert check_base(folder)["system"] is (template == TEMPLATE)
    (answer,) = generate_batch(
        model=load(folder),
        requests=[Request([{"role": "user", "content": "I cannot sleep ."}], 1)],
        max_new_tokens=5,
        seed=1,
    )
    assert 1 <= answer.tokens <= 5


def test_template_arguments_reach_the_template(tmp_path: Path) -> None:
    stern = "{% if not gentle %}{{ raise_exception('be gentle') }}{% endif %}" + TEMPLATE
    model = load(made_up_model(tmp_path / "model", template=stern))
    asked = [Request([{"role": "user", "content": "Hello"}], 1)]
    generate_batch(
        model=model, requests=asked, template_arguments={"gentle": True}, max_new_tokens=2, seed=1
    )
    with pytest.raises(EngineError, match="be gentle"):
        generate_batch(model=model, requests=asked, max_new_tokens=2, seed=1)


def test_top_p_narrows_what_is_drawn(good: Path) -> None:
    model = load(good)
    asked = [Request([{"role": "user", "content": "Hello"}], seed) for seed in range(8)]

    def texts(top_p: float) -> set[str]:
        written = generate_batch(
            model=model, requests=asked, top_p=top_p, temperature=1.5, max_new_tokens=6, seed=1
        )
        return {one.text for one in written}

    assert len(texts(0.01)) == 1
    assert len(texts(1.0)) > 1
