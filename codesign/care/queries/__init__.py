"""Database reads of this app, and the content that ships with it."""
