"""Embedded PostgreSQL and Valkey for one machine, started and stopped by the supervisor."""
