"""Makes control tokens in people's texts plain text, so that no text starts or ends a turn.

A chat template joins turns with control tokens into one text, which the tokenizer reads as a whole.
A control token that a person typed, or that an export left in a text, would count as the
template's. A space is therefore put after its first character: `<|im_end|>` becomes `< |im_end|>`,
which every tokenizer reads as ordinary characters (decision 41).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

_ROLES = "system|user|assistant|model|human|tool|developer|ipython"
CONTROL_TOKEN = re.compile(
    rf"""
    <[|｜][^|｜<>\s]{{1,40}}[|｜]>                      # ChatML, Llama 3, Phi, Granite, DeepSeek
    | </?(?:start|end)_of_(?:turn|image|text)>        # Gemma
    | \[/?(?:INST|SYSTEM_PROMPT|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|AVAILABLE_TOOLS|THINK)\]
    | <</?SYS>>                                       # Llama 2
    | </?s> | <(?:bos|eos|pad|unk|mask|sep|cls)>      # SentencePiece
    | <extra_id_\d+> | <reserved_\d+> | <unused\d+>
    | <(?:im|fim)_(?:start|end|prefix|middle|suffix)>
    | <\|[a-z_]{{1,40}}> | <[a-z_]{{1,40}}\|>              # Gemma 4
    | \[\|[^|\[\]\s]{{1,40}}\|\]                         # EXAONE
    | </?seed:[a-z_:]{{1,30}}> | <longcat_\w{{1,30}}> | <SPECIAL_\d+> | <end_of_utterance>
    | \[gMASK\] | <[se]op> | \]~!b\[ | \]~b\] | \[e~\[  # ChatGLM, MiniMax
    | <role>(?:{_ROLES}|observation)</role>             # Ling
    | <(?:{_ROLES})>\n | </(?:{_ROLES})>              # InternLM and others
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Control tokens in the templates of common models. `<think>` is not one: it starts no turn."""
_SIGNS = ("<", "[", "]")


def neutralised(text: str) -> str:
    """Return the text with a space after the first character of each known control token."""
    if not any(sign in text for sign in _SIGNS):
        return text
    while CONTROL_TOKEN.search(text):
        text = CONTROL_TOKEN.sub(lambda token: _split(token[0]), text)
    return text


def _split(token: str) -> str:
    return f"{token[0]} {token[1:]}"


def plain_turns(turns: Iterable[dict[str, Any]], tokenizer: Any = None) -> list[dict[str, str]]:
    """Return turns whose texts contain no control token of a known template or the tokenizer.

    The tokenizer of a server is not known; then only known templates are considered.
    """
    plain = [{"role": turn["role"], "content": neutralised(turn["content"])} for turn in turns]
    if tokenizer is None:
        return plain
    tokens = added_tokens(tokenizer)
    return [turn | {"content": _without(turn["content"], tokens, tokenizer)} for turn in plain]


def added_tokens(tokenizer: Any) -> dict[int, str]:
    """Return the tokens that a tokenizer finds in a text before all others, by their id.

    These are special tokens and tokens that were added for a template, such as `<tool_call>`.
    Tokens of white space are left out, since some tokenizers add them for code.
    """
    added: dict[int, Any] = getattr(tokenizer, "added_tokens_decoder", {})
    return {number: str(token) for number, token in added.items() if not str(token).isspace()}


def _without(text: str, tokens: dict[int, str], tokenizer: Any) -> str:
    """Put spaces into the tokenizer's own tokens until the encoded text has none of their ids."""
    for token in _longest_first(tokens.values()):
        while len(token) > 1 and token in text:
            text = text.replace(token, _split(token))
    if control_ids_in(text, tokens, tokenizer):
        return _without_normalised(text, tokens, tokenizer)
    return text


def _longest_first(tokens: Iterable[str]) -> Sequence[str]:
    return sorted(tokens, key=len, reverse=True)


def control_ids_in(text: str, tokens: Iterable[int], tokenizer: Any) -> set[int]:
    """Return the ids of control tokens in the encoded text, but for that of unknown letters."""
    encoded = set(tokenizer(text, add_special_tokens=False)["input_ids"])
    return (set(tokens) & encoded) - {getattr(tokenizer, "unk_token_id", None)}


def _without_normalised(text: str, tokens: dict[int, str], tokenizer: Any) -> str:
    """Put spaces into tokens that the tokenizer finds only after it has normalised the text.

    It may, for example, fold capitals or full-width letters first. Such a token is found by its
    offsets. A tokenizer without offsets gets a space after every character.
    """
    if not getattr(tokenizer, "is_fast", False):
        return " ".join(text)
    while ids := control_ids_in(text, tokens, tokenizer):
        places = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        pairs = zip(places["input_ids"], places["offset_mapping"], strict=True)
        starts = [start for number, (start, end) in pairs if number in ids and end - start > 1]
        if not starts:  # a token of one letter cannot be split
            return text
        for start in reversed(starts):
            text = f"{text[: start + 1]} {text[start + 1 :]}"
    return text
