"""The shapes of what the API of judging and releases takes and gives."""
