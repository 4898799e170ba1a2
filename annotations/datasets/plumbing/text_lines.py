"""JSON lines of `texts`, put together from pieces, because a release has a row for every text."""

from __future__ import annotations

from annotations.datasets.plumbing.files import ENCODER
from annotations.datasets.policy.snapshot import PromptSnapshot, ResponseSnapshot
from annotations.datasets.policy.texts import Text


class TextLines:
    """The lines of a prompt and its responses; the fields are those of the schema, in its order."""

    def __init__(self, prompt: PromptSnapshot) -> None:
        self._prompt = prompt
        about = {
            "category": prompt.category,
            "topics": sorted(prompt.topics),
            "intensity": prompt.intensity,
            "language": prompt.language,
            "held_out": prompt.held_out,
        }
        self._end = ENCODER.encode(about)[1:] + "\n"

    def line(self, text: Text) -> str:
        """The line of a text. Its `record_id` is the id of the prompt or response."""
        if isinstance(text, ResponseSnapshot):
            return self._response(text)
        return (
            f'{{"record_id":"{text.id}","kind":"prompt","prompt_id":"{text.id}","response_id":"",'
            f'"messages":{ENCODER.encode(text.messages)},"origin":"","model_version_id":"",'
            f"{self._end}"
        )

    def _response(self, text: ResponseSnapshot) -> str:
        content = ENCODER.encode(text.text)
        return (
            f'{{"record_id":"{text.id}","kind":"response","prompt_id":"{self._prompt.id}",'
            f'"response_id":"{text.id}","messages":[{{"role":"assistant","content":{content}}}],'
            f'"origin":"{text.origin}","model_version_id":"{text.model.id}",{self._end}'
        )
