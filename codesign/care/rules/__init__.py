"""Rules on plain values, without the database."""
