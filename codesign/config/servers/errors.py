"""What the embedded servers and the supervisor say when they cannot go on."""


class ServerError(Exception):
    """Carries one sentence that a person can act on; it is shown without a traceback."""
