"""Views for signing and changing consent, and for writing and publishing its text."""
