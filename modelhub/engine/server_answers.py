"""What the answers and errors of a server of language models mean.

Errors that end or delay a whole run are raised as `Halt`; errors of one prompt are EngineErrors.
The server's key is never part of an error.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from modelhub.engine.errors import EngineError
from modelhub.engine.sentences import first_line, storable

LONGEST_WAIT = 20.0
"""Longest Retry-After, in seconds, after which a request is repeated at once."""
MOST_WAIT = 3600.0
"""Longest Retry-After, in seconds, that a run follows."""
BUSY_SECONDS = 60.0
"""Pause of a run whose server is busy and does not say how long."""
_LETTERS_PER_TOKEN = 3
"""Of letters in ASCII; most texts have four."""
_MOST_NAME = 200  # characters
_MOST_TOKENS = 2**31 - 1  # of one answer, which the database can store
_REFUSED_KEY = (
    "The server refused the key. An operator has to set the variable with the key of this server."
)
_NOT_REACHED = ("ConnectError", "ConnectTimeout")


@dataclass(frozen=True)
class Server:
    """Where a model is served. `answers_as` is the name that its answers carry, if it is known.

    `says_to_sample`: it samples only if the field `generation_config` says so, like `transformers
    serve`.
    """

    address: str
    model: str
    key: str = field(default="", repr=False)
    answers_as: str = ""
    says_to_sample: bool = False


class Halt(EngineError):
    """The run cannot continue now. After `seconds` it is tried again; None ends it.

    `away` is whether the server could not be reached at all, `over_budget` whether the next text
    could exceed the budget.
    """

    def __init__(
        self,
        sentence: str,
        *,
        seconds: float | None = None,
        away: bool = False,
        over_budget: bool = False,
    ) -> None:
        super().__init__(sentence)
        self.seconds = seconds
        self.away = away
        self.over_budget = over_budget


class Failing(EngineError):
    """The server failed, although its answer should not depend on the prompt."""


class Garbled(Exception):
    """The answer is not a chat completion: half a body, another shape, or nothing."""


@dataclass(frozen=True)
class Answer:
    """The text of an answer, and why it ended: stop or length."""

    text: str
    finish_reason: str


def read_answer(given: Any, server: Server) -> tuple[Answer, tuple[int, int]]:
    """Return text, finish reason and tokens of an answer; raises Garbled or Halt."""
    try:
        choice = given.choices[0]
        text = choice.message.content or ""
    except (AttributeError, IndexError, KeyError, TypeError):
        raise Garbled("it has no text") from None
    if not isinstance(text, str):
        raise Garbled("its text is not text")
    answered = name_in(given)
    if server.answers_as and answered != server.answers_as:
        raise Halt(
            f"The server answered with the model “{answered}”, not with “{server.answers_as}”, "
            "which was checked. Register the model again."
        )
    usage = getattr(given, "usage", None)
    read = _count(getattr(usage, "prompt_tokens", None))
    written = _count(getattr(usage, "completion_tokens", None)) or tokens_of(text)
    return Answer(text, str(choice.finish_reason or "stop")), (read, written)


def name_in(given: Any) -> str:
    """Return the name of the model that an answer carries; empty if there is none."""
    return storable(str(getattr(given, "model", "") or ""))[:_MOST_NAME]


def _count(tokens: Any) -> int:
    """Return a number of tokens that a server counted, or 0 if it counted none."""
    if isinstance(tokens, int | float) and tokens > 0:  # not a NaN either
        return int(min(tokens, _MOST_TOKENS))
    return 0


def tokens_of(text: str) -> int:
    """Estimate the tokens of a text from above: other scripts than Latin have up to one a byte."""
    size = len(text.encode(errors="replace"))
    plain = sum(map(str.isascii, text))
    return plain // _LETTERS_PER_TOKEN + size - plain


def wrote_nothing(error: Exception) -> bool:
    """Return whether the server was not reached, or refused the request before it wrote."""
    from openai import APIStatusError

    if isinstance(error, APIStatusError):
        return error.status_code < 500 or error.status_code == 503
    return type(error.__cause__).__name__ in _NOT_REACHED


def retry_after(error: Exception | None) -> float | None:
    """Return the seconds that the server asks to wait, or None."""
    response = getattr(error, "response", None)
    text = response.headers.get("retry-after", "") if response is not None else ""
    with suppress(ValueError):
        return max(0.0, float(text))
    with suppress(TypeError, ValueError):
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    return None


def is_temporary(error: Exception) -> bool:
    """Return whether the same request may succeed in a moment."""
    from openai import APIConnectionError, APIStatusError

    if isinstance(error, APIConnectionError | Garbled | ValueError):
        return True
    if not isinstance(error, APIStatusError) or _is_out_of_money(error):
        return False
    wait = retry_after(error)
    if wait is not None and wait > LONGEST_WAIT:
        return False
    return error.status_code in (408, 409, 429) or error.status_code >= 500


def _is_out_of_money(error: Any) -> bool:
    return getattr(error, "code", None) == "insufficient_quota"


def verdict(error: Exception | None, server: Server) -> EngineError:
    """Return the error of one prompt, or raise Halt if the whole run must wait or end.

    Other errors are faults of this program and are raised unchanged.
    """
    from openai import APIConnectionError, APIStatusError

    if isinstance(error, Garbled | ValueError):
        return Failing(f"The server sent something that is not an answer: {first_line(error)}")
    if isinstance(error, APIConnectionError):
        return _without_answer(error, server)
    if isinstance(error, APIStatusError):
        return _of_status(error, server)
    raise error or AssertionError("there was no error")


def _without_answer(error: Exception, server: Server) -> EngineError:
    from openai import APITimeoutError

    if type(error.__cause__).__name__ in _NOT_REACHED:
        raise Halt(
            f"The server {server.address} cannot be reached.", seconds=BUSY_SECONDS, away=True
        )
    if isinstance(error, APITimeoutError):
        return Failing("The server took too long to answer.")
    return Failing("The connection broke before the server's answer was complete.")


def _of_status(error: Any, server: Server) -> EngineError:
    status, words = error.status_code, _words(error, server)
    ends = {
        401: _REFUSED_KEY,
        403: _REFUSED_KEY,
        404: f"The server does not know the model “{server.model}”. {words}",
    }
    if _is_out_of_money(error):
        raise Halt("The account at the server has no credit left. Add credit, then resume.")
    if status in ends:
        raise Halt(ends[status].strip())
    if 300 <= status < 400:
        raise Halt("The server redirects to another address. Register that address instead.")
    if status in (429, 503):
        wait = retry_after(error)
        raise Halt("The server is busy.", seconds=min(MOST_WAIT, wait or BUSY_SECONDS))
    if status >= 500:
        return Failing(f"The server failed ({status}). {words}".strip())
    return EngineError(f"The server refused this prompt ({status}). {words}".strip())


def _words(error: Any, server: Server) -> str:
    """Return the server's error message, without the key."""
    body = error.body if isinstance(error.body, dict) else {}
    said = str(body.get("message") or body.get("detail") or "").strip()
    if server.key:
        said = said.replace(server.key, "…")
    return first_line(EngineError(said)) if said else ""
