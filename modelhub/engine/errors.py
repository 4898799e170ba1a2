"""Errors of the engine. Their messages are plain sentences that pages show."""


class EngineError(Exception):
    """Base class. `str(error)` is a sentence for a page."""


class BadSpec(EngineError):
    """An invalid training spec. `problems` has one sentence for each error."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class NothingToTrainOn(EngineError):
    """The release has no records that the method can learn from."""


class Cancelled(EngineError):
    """The run was cancelled, or the process that started it has ended."""
