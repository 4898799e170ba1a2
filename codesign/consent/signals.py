"""What travels up, inside the transaction: a receiver that fails rolls the change back."""

from django.dispatch import Signal

consent_signed = Signal()  # member, record
consent_withdrawn = Signal()  # actor, member, records (newest first), level
choice_changed = Signal()  # actor, member, record, purpose, granted
