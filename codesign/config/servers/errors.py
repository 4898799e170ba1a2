"""The error of embedded servers and of the supervisor."""


class ServerError(Exception):
    """Carries a sentence that a person can act on. It is shown without a traceback."""
