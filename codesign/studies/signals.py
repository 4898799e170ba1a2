"""Signals of studies, sent inside the transaction: a failing receiver rolls the change back."""

from django.dispatch import Signal

member_added = Signal()  # actor, member (new, or back again)
member_removed = Signal()  # actor, member (locked)
