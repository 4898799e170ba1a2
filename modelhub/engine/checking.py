"""Checks whether a folder holds a model, or an adapter, that Codesign can use.

Nothing is executed: pickled weights and models with their own Python code are refused, and weights
are compared by their names and shapes on PyTorch's `meta` device, which takes no memory. PEFT
ignores weights of an adapter that do not fit its base, so each is compared.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from modelhub.engine.errors import EngineError
from modelhub.engine.libraries import quiet
from modelhub.engine.sentences import first_line

PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model")
WRITES = ("ForCausalLM", "ForConditionalGeneration", "LMHeadModel")
"""Endings of the names of architectures that generate text."""
_ASIDE = ("config.json", "generation_config.json", "chat_template.jinja", "tokenizer_config.json")
_TURNS = [{"role": "user", "content": "I cannot sleep."}]
_SYSTEM = {"role": "system", "content": "Reply kindly."}


def check_base(folder: Path) -> dict[str, Any]:
    """Return facts about a model in transformers' layout.

    Facts: architecture, parameters, vocabulary, context (tokens, or None), dtype, system (whether
    the chat template takes a system message), licence and sizes (bytes by file). Raises
    EngineError with a sentence that says what is wrong and what to do.
    """
    _refuse_config(folder)
    files = _weights(folder, "model*.safetensors")
    with quiet():
        tokenizer = _tokenizer(folder)
        model, dtype = _empty_model(folder)
    text = model.config.get_text_config()
    rows = model.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > rows:
        raise EngineError(
            f"The tokenizer knows {len(tokenizer):,} tokens, but the model only {rows:,}. They "
            "belong to different models."
        )
    return {
        "architecture": type(model).__name__,
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "vocabulary": rows,
        "context": getattr(text, "max_position_embeddings", None),
        "dtype": dtype,
        "system": takes_system(tokenizer),
        "licence": _licence(folder),
        "sizes": _sizes(folder, files),
    }


def check_adapter(folder: Path, base: Path) -> dict[str, Any]:
    """Return facts about a LoRA adapter, after comparing each weight with its base.

    Facts: rank, targets, weights (their number), trained_on (the base that its configuration
    names), licence, sizes. Raises EngineError if a weight does not fit.
    """
    config, files = refuse_adapter(folder)
    with quiet():
        expected, rest = _places(folder, base)
        found = _shapes(files)
    _compare(found, expected, rest)
    return {
        "rank": config.get("r"),
        "targets": _targets(config.get("target_modules")),
        "weights": len(found),
        "trained_on": Path(str(config.get("base_model_name_or_path") or "")).name,
        "licence": _licence(folder),
        "sizes": _sizes(folder, [*files, folder / "adapter_config.json"]),
    }


def refuse_adapter(folder: Path) -> tuple[dict[str, Any], list[Path]]:
    """Return configuration and files of an adapter; raises EngineError if it is not PEFT's."""
    if not folder.is_dir():
        raise EngineError(f"There is no folder at {folder}.")
    config = _json(folder / "adapter_config.json", "This folder is not an adapter of PEFT.")
    if config.get("peft_type") != "LORA":
        raise EngineError(
            f"This adapter is of the type {config.get('peft_type')}. Codesign loads LoRA adapters."
        )
    return config, _weights(folder, "adapter_model.safetensors")


def changed_file(folder: Path, sizes: Mapping[str, int]) -> str:
    """Return the name of a file that is missing or has another size than when checked, or ""."""
    for name, size in sizes.items():
        file = folder / name
        if not file.is_file() or file.stat().st_size != size:
            return name
    return ""


def _json(file: Path, missing: str) -> dict[str, Any]:
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EngineError(f"{missing} It has no {file.name}.") from None
    except (OSError, ValueError):
        values = None
    if not isinstance(values, dict):
        raise EngineError(f"{file.name} is not valid JSON. Copy the model again.")
    return values


def _refuse_config(folder: Path) -> None:
    """Raise EngineError unless config.json names a model that writes text, without own code."""
    if not folder.is_dir():
        raise EngineError(f"There is no folder at {folder}.")
    if (folder / "adapter_config.json").exists() and not (folder / "config.json").exists():
        raise EngineError("This folder holds an adapter. Register it as an adapter of its base.")
    config = _json(folder / "config.json", "This folder is not in the layout of transformers.")
    with quiet():
        from transformers.models.auto.configuration_auto import CONFIG_MAPPING
    if config.get("model_type") not in CONFIG_MAPPING:
        if "auto_map" in config:
            raise EngineError(
                "This model needs Python code of its own (auto_map in config.json), which Codesign "
                "never runs. Serve it with another program, and register that server."
            )
        raise EngineError(
            f"The installed version of transformers does not know models of the type "
            f"“{config.get('model_type')}”."
        )
    named = config.get("architectures") or []
    if named and not any(str(name).endswith(WRITES) for name in named):
        raise EngineError(
            f"This is a {named[0]}, which does not write text. Register a model that does."
        )


def _weights(folder: Path, pattern: str) -> list[Path]:
    """Return the files of weights, which must be safetensors and complete."""
    files = sorted(folder.glob(pattern))
    if not files and any(sorted(folder.glob(pickle)) for pickle in PICKLES):
        raise EngineError(
            "The weights are pickled (.bin or .pt). Such files can run code when they are loaded, "
            "so Codesign refuses them. Save the model as safetensors with save_pretrained."
        )
    if not files and sorted(folder.glob("*.gguf")):
        raise EngineError("This folder holds a GGUF file. Register that file instead.")
    if not files:
        raise EngineError(f"There are no weights ({pattern}) in the folder {folder.name}.")
    index = folder / "model.safetensors.index.json"
    if index.exists():
        shards = set(_json(index, "").get("weight_map", {}).values())
        if lost := sorted(shards - {file.name for file in files}):
            raise EngineError(f"The file {lost[0]} is missing. Copy the model again.")
    for file in files:
        _shapes([file])
    return files


def _shapes(files: Iterable[Path]) -> dict[str, tuple[int, ...]]:
    """Return the shapes of weights by name, from the headers of the files."""
    from safetensors import SafetensorError, safe_open

    shapes: dict[str, tuple[int, ...]] = {}
    for file in files:
        try:
            with safe_open(file, framework="pt") as weights:
                for name in weights.keys():  # noqa: SIM118 - it is not a dictionary
                    shapes[name] = tuple(weights.get_slice(name).get_shape())
        except (OSError, SafetensorError):
            raise EngineError(f"The file {file.name} is damaged. Copy the model again.") from None
    return shapes


def _tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    if not any((folder / name).exists() for name in TOKENIZERS):
        raise EngineError(
            "This model has no tokenizer. Copy tokenizer.json and tokenizer_config.json into its "
            "folder."
        )
    tokenizer = _loaded(
        lambda: AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        ),
        "The tokenizer cannot be loaded",
    )
    if not tokenizer.chat_template:
        raise EngineError(
            "This model has no chat template, so it cannot answer in a conversation. Choose a "
            "model that was tuned for conversations, or add its chat_template.jinja."
        )
    _loaded(
        lambda: tokenizer.apply_chat_template(_TURNS, tokenize=False, add_generation_prompt=True),
        "The chat template of this model fails",
    )
    return tokenizer


def takes_system(tokenizer: Any) -> bool:
    """Return whether the chat template takes a system message. Some raise an error instead."""
    try:
        text = tokenizer.apply_chat_template([_SYSTEM, *_TURNS], tokenize=False)
    except Exception:
        return False
    return _SYSTEM["content"] in text


def _loaded(load: Callable[[], Any], failure: str) -> Any:
    """Return what `load` returns; any error of the libraries becomes a sentence."""
    try:
        return load()
    except EngineError:
        raise
    except MemoryError:
        raise
    except Exception as error:
        raise EngineError(f"{failure}: {first_line(error)}") from error


def _empty_model(folder: Path) -> tuple[Any, str]:
    """Return the model without its values, and the type of its weights.

    Raises EngineError if the weights of the folder are not those of its architecture.
    """
    from transformers import AutoModelForCausalLM

    auto: Any = AutoModelForCausalLM
    model, info = _loaded(
        lambda: auto.from_pretrained(
            folder,
            device_map="meta",
            dtype="auto",
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
        ),
        "The model cannot be loaded",
    )
    if missing := sorted(info["missing_keys"]):
        raise EngineError(
            f"{len(missing)} weights of a {type(model).__name__} are missing, such as "
            f"{missing[0]}. Copy the model again."
        )
    if wrong := sorted(info["mismatched_keys"]):
        name, found, needed = wrong[0]
        raise EngineError(
            f"The weight {name} has the shape {_shape(found)}, but config.json needs "
            f"{_shape(needed)}."
        )
    return model, str(model.dtype).removeprefix("torch.")


def _shape(of: Iterable[int]) -> str:
    return " x ".join(str(size) for size in of)


def _places(
    folder: Path, base: Path
) -> tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]]:
    """Return the shapes of an adapter's weights on its base, and of all weights of both."""
    from peft import LoraConfig, get_peft_model, get_peft_model_state_dict

    config = _loaded(
        lambda: LoraConfig.from_pretrained(str(folder)),
        "The configuration of the adapter is invalid",
    )
    config.init_lora_weights = False  # only names and shapes are needed
    config.base_model_name_or_path = str(base)  # PEFT warns of another path
    model, _dtype = _empty_model(base)
    tuned = _loaded(lambda: get_peft_model(model, config), "The adapter does not fit its base")
    own: Any = get_peft_model_state_dict(tuned, save_embedding_layers=False)
    return (
        {name: tuple(weight.shape) for name, weight in own.items()},
        {name: tuple(weight.shape) for name, weight in tuned.state_dict().items()},
    )


def _compare(
    found: Mapping[str, tuple[int, ...]],
    expected: Mapping[str, tuple[int, ...]],
    rest: Mapping[str, tuple[int, ...]],
) -> None:
    """Raise EngineError unless each weight of an adapter has a place, and each place a weight."""
    places = {**rest, **expected}
    if unused := [name for name in found if name not in places]:
        raise EngineError(
            f"{len(unused)} of {len(found)} weights of the adapter have no place in this base, "
            f"such as {unused[0]}. Choose the base that it was trained on."
        )
    for name, shape in found.items():
        if shape != places[name]:
            raise EngineError(
                f"The adapter's weight {name} has the shape {_shape(shape)}, but this base needs "
                f"{_shape(places[name])}. Choose the base that it was trained on."
            )
    if missing := [name for name in expected if name not in found]:
        raise EngineError(
            f"The adapter has no weights for {len(missing)} of its {len(expected)} places, such "
            f"as {missing[0]}. Copy it again."
        )


def _targets(named: Any) -> list[str]:
    """Return the layers that an adapter changes: a list of names, or a pattern."""
    return sorted(map(str, named)) if isinstance(named, list) else [str(named or "")]


def _licence(folder: Path) -> str:
    """Return the licence that the model card names, or ""."""
    from huggingface_hub import ModelCard

    try:
        data = ModelCard.load(folder / "README.md", ignore_metadata_errors=True).data
    except (OSError, ValueError):
        return ""
    return str(getattr(data, "license", None) or "")[:100]


def _sizes(folder: Path, files: Iterable[Path]) -> dict[str, int]:
    beside = [folder / name for name in (*_ASIDE, *TOKENIZERS)]
    return {file.name: file.stat().st_size for file in (*files, *beside) if file.is_file()}
