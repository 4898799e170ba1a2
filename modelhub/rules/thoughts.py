"""Writes the thoughts of all models as `<think>`, which the rest of the project knows.

Models mark what they think before they answer in many ways. A mark that is not known would be shown
to people who judge, with the thought in it.
"""

from __future__ import annotations

import re

from codesign.shared.visible import shows_nothing

_TURN = r"\s*+(?:<\|(?:start|START_OF_TURN_TOKEN)\|>(?:assistant|<\|CHATBOT_TOKEN\|>)?)?\s*+"
"""A beginning, whose quantifiers are possessive: a long run of spaces takes linear time."""
_FORMS = tuple(
    (re.compile(_TURN + begin), re.compile(end))
    for begin, end in (
        (r"<\|channel\|>analysis<\|message\|>", r"<\|end\|>|(?=<\|start\|>)"),  # gpt-oss
        (r"<\|channel>thought\b", r"<channel\|>"),  # Gemma 4
        (r"<unused94>thought\b", r"<unused95>"),  # MedGemma
        (r"\[THINK\]", r"\[/THINK\]"),  # Magistral
        (r"<seed:think>", r"</seed:think>"),  # Seed-OSS
        (r"<\|START_THINKING\|>", r"<\|END_THINKING\|>"),  # Command A
        (r"◁think▷", r"◁/think▷"),  # Kimi-VL
        (r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),  # OpenThoughts
    )
)
_FINAL = re.compile(_TURN + r"<\|channel\|>final<\|message\|>")
_ANSWER = re.compile(r"\s*<\|(?:begin_of_solution|START_RESPONSE|START_TEXT)\|>\s*")
_WRAPPED = re.compile(r"\s*<(answer|output)>(.*)</\1>\s*", re.DOTALL)
_CLOSE = "</think>"
_SIGNS = frozenset("<[◁")


def with_think_tags(text: str) -> str:
    """Return a response whose thought is in `<think>` tags, and whose answer has none.

    Texts without a thought at their beginning stay as they are.
    """
    if text.lstrip()[:1] not in _SIGNS:
        return text
    for begin, end in _FORMS:
        if started := begin.match(text):
            ended = end.search(text, started.end())
            if ended is None:  # it was cut off
                return f"<think>{text[started.end() :]}"
            thought = text[started.end() : ended.start()].strip()
            return _joined(thought, text[ended.end() :])
    if text.startswith("<think>") and _CLOSE in text:
        thought, _close, answer = text.partition(_CLOSE)
        return _joined(thought.removeprefix("<think>"), answer) if _is_wrapped(answer) else text
    return _without(_FINAL, text)


def _without(beginning: re.Pattern[str], text: str) -> str:
    found = beginning.match(text)
    return text[found.end() :] if found else text


def _is_wrapped(answer: str) -> bool:
    return _WRAPPED.fullmatch(answer) is not None


def _joined(thought: str, answer: str) -> str:
    answer = _without(_ANSWER, _without(_FINAL, answer))
    if wrapped := _WRAPPED.fullmatch(answer):
        answer = wrapped[2]
    answer = answer.strip()
    return answer if shows_nothing(thought) else f"<think>{thought}{_CLOSE}\n\n{answer}"
