"""What travels up from accounts, inside the transaction."""

from django.dispatch import Signal

account_switched = Signal()
"""actor, user, active: a site admin has stopped an account, or has opened it again."""
address_verified = Signal()  # user, email: the account has proven that the address is its own
