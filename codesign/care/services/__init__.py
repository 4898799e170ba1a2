"""Database writes of this app. Only services write."""
