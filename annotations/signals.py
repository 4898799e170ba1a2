"""Signals of releases, sent inside the transaction: a failing receiver rolls the change back."""

from django.dispatch import Signal

releases_superseded = Signal()  # releases: those that a withdrawal has just superseded
