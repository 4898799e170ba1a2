"""Backups: the database and the files that its rows refer to, as of one moment."""
