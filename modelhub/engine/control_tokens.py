"""Makes control tokens in people's texts plain text, so that no text opens or ends a turn.

A chat template writes its marks into one text, and the tokenizer reads that text as a whole. So a
mark that a person typed, or that an export left in a text, would count as the template's own. Its
first character is therefore set apart by a space: `<|im_end|>` becomes `< |im_end|>`, which every
tokenizer reads as ordinary characters (decision 41).
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
"""Marks of the chat templates of common models. `<think>` is not one: it opens no turn."""
_SIGNS = ("<", "[", "]")


def neutralised(text: str) -> str:
    """Return the text with a space behind the first character of each known control token."""
    if not any(sign in text for sign in _SIGNS):
        return text
    while CONTROL_TOKEN.search(text):
        text = CONTROL_TOKEN.sub(lambda mark: _apart(mark[0]), text)
    return text


def _apart(mark: str) -> str:
    return f"{mark[0]} {mark[1:]}"


def plain_turns(turns: Iterable[dict[str, Any]], tokenizer: Any = None) -> list[dict[str, str]]:
    """Return turns whose texts contain no control token of a known template or the tokenizer.

    The tokenizer of a server is not known; then only known templates are considered.
    """
    plain = [{"role": turn["role"], "content": neutralised(turn["content"])} for turn in turns]
    if tokenizer is None:
        return plain
    marks = added_tokens(tokenizer)
    return [turn | {"content": _without(turn["content"], marks, tokenizer)} for turn in plain]


def added_tokens(tokenizer: Any) -> dict[int, str]:
    """Return the tokens that a tokenizer cuts out of a text before its model, by their id.

    These are the special ones and those that were added for a template, such as `<tool_call>`.
    Tokens of white space alone are no marks, since some tokenizers add them for code.
    """
    added: dict[int, Any] = getattr(tokenizer, "added_tokens_decoder", {})
    return {number: str(token) for number, token in added.items() if not str(token).isspace()}


def _without(text: str, marks: dict[int, str], tokenizer: Any) -> str:
    """Set apart the tokenizer's own marks, until the encoded text contains none of their ids."""
    for mark in _longest_first(marks.values()):
        while len(mark) > 1 and mark in text:
            text = text.replace(mark, _apart(mark))
    return text if not found(text, marks, tokenizer) else _spelled(text, marks, tokenizer)


def _longest_first(marks: Iterable[str]) -> Sequence[str]:
    return sorted(marks, key=len, reverse=True)


def found(text: str, marks: Iterable[int], tokenizer: Any) -> set[int]:
    """Return the ids of control tokens in the encoded text, but for that of unknown letters."""
    encoded = set(tokenizer(text, add_special_tokens=False)["input_ids"])
    return (set(marks) & encoded) - {getattr(tokenizer, "unk_token_id", None)}


def _spelled(text: str, marks: dict[int, str], tokenizer: Any) -> str:
    """Set apart marks that the tokenizer finds only after it has normalised the text.

    It may, for example, fold capitals or full-width letters first. Such a mark is found by the
    places of its token; without places, the text is spaced out as a whole.
    """
    if not getattr(tokenizer, "is_fast", False):
        return " ".join(text)
    while found(text, marks, tokenizer):
        places = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        pairs = zip(places["input_ids"], places["offset_mapping"], strict=True)
        here = found(text, marks, tokenizer)
        starts = [start for number, (start, end) in pairs if number in here and end - start > 1]
        if not starts:  # a single letter is a token of its own and cannot be set apart
            return text
        for start in reversed(starts):
            text = f"{text[: start + 1]} {text[start + 1 :]}"
    return text
