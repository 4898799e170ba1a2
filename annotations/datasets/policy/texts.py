"""Config `texts`: every prompt and response that `judgements` or `imported` names by its id."""

from __future__ import annotations

from collections.abc import Iterator, Set

from annotations.datasets.policy.snapshot import JudgedPrompt, PromptSnapshot, ResponseSnapshot
from annotations.rules.releases import DropReason

Text = PromptSnapshot | ResponseSnapshot


def texts_of(
    judged_prompt: JudgedPrompt, response_ids: Set[str]
) -> Iterator[tuple[Text, DropReason | None]]:
    """The prompt, then these responses by id, each with the reason against it, if any.

    A text that may contain personal data is left out until a coordinator clears it.
    """
    prompt = judged_prompt.prompt
    yield prompt, DropReason.UNCLEARED_TEXT if prompt.uncleared else None
    for response_id in sorted(response_ids):
        response = judged_prompt.responses[response_id]
        if response.withdrawn:
            yield response, DropReason.RESPONSE_WITHDRAWN
        else:
            yield response, DropReason.UNCLEARED_TEXT if response.uncleared else None
