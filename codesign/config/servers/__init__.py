"""Embedded PostgreSQL and Valkey for one machine, managed by the supervisor."""
