"""Signals of consent, sent inside the transaction: a failing receiver rolls the change back."""

from django.dispatch import Signal

consent_signed = Signal()  # member, record
consent_withdrawn = Signal()  # actor, member, records (newest first), level
choice_changed = Signal()  # actor, member, record, purpose, granted
