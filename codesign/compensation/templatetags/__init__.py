"""Template tags for pay."""
