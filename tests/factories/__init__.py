"""Factories for tests, one file per app. They use services where a rule applies."""
