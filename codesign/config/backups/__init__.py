"""Backups: the database and the files that its rows speak of, at one moment."""
