"""Pages of the judging and of the review."""
