"""Decisions on plain values, no database."""
