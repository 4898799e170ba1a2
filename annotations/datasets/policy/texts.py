"""Config `texts`: every prompt and response that `judgements` or `imported` names by its id."""

from __future__ import annotations

from collections.abc import Iterator, Set

from annotations.datasets.policy.pseudonyms import shared_record_id
from annotations.datasets.policy.record_fields import Decision, Record, completion
from annotations.datasets.policy.snapshot import JudgedPrompt, PromptSnapshot, ResponseSnapshot
from annotations.rules.releases import DropReason


def texts_of(judged_prompt: JudgedPrompt, response_ids: Set[str]) -> Iterator[Decision]:
    """The prompt, then these responses by id; a text that may hold personal data is left out."""
    prompt = judged_prompt.prompt
    if prompt.uncleared:
        yield Decision(None, DropReason.UNCLEARED_TEXT)
    else:
        yield Decision(_of_prompt(prompt))
    for response_id in sorted(response_ids):
        response = judged_prompt.responses[response_id]
        if response.withdrawn:
            yield Decision(None, DropReason.RESPONSE_WITHDRAWN)
        elif response.uncleared:
            yield Decision(None, DropReason.UNCLEARED_TEXT)
        else:
            yield Decision(_of_response(prompt, response))


def _of_prompt(prompt: PromptSnapshot) -> Record:
    return {
        "record_id": shared_record_id("texts", prompt.id),
        "kind": "prompt",
        "prompt_id": prompt.id,
        "response_id": "",
        "messages": prompt.messages,
        "origin": "",
        "model_version_id": "",
        **_about(prompt),
    }


def _of_response(prompt: PromptSnapshot, response: ResponseSnapshot) -> Record:
    return {
        "record_id": shared_record_id("texts", response.id),
        "kind": "response",
        "prompt_id": prompt.id,
        "response_id": response.id,
        "messages": completion(response.text),
        "origin": response.origin,
        "model_version_id": response.model.id,
        **_about(prompt),
    }


def _about(prompt: PromptSnapshot) -> Record:
    return {
        "category": prompt.category,
        "topics": sorted(prompt.topics),
        "intensity": prompt.intensity,
        "language": prompt.language,
        "held_out": prompt.held_out,
    }
