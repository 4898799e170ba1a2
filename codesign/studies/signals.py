"""What travels up, inside the transaction: a receiver that fails rolls the change back."""

from django.dispatch import Signal

member_removed = Signal()  # actor, member (locked)
