"""Setting studies up."""
