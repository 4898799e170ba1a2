"""What can go wrong in the engine, each with one plain sentence for the person who reads it."""


class EngineError(Exception):
    """Something the engine cannot do; `str(error)` is a sentence fit for a page."""


class BadSpec(EngineError):
    """A training spec or its parameters are not usable; `problems` has one sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class NothingToTrainOn(EngineError):
    """The release holds no record that this method can learn from."""


class Cancelled(EngineError):
    """Somebody asked for the run to stop, or the process that started it is gone."""
