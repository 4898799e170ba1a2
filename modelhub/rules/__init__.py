"""Decisions on plain values, no database, no torch."""
