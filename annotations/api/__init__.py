"""The API of the judging and of what comes of it."""
