"""The writes of desk, which span apps."""
