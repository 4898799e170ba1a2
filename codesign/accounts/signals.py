"""Signals of accounts, sent inside the transaction."""

from django.dispatch import Signal

account_switched = Signal()
"""actor, user, active: a site admin has deactivated or reactivated an account."""
address_verified = Signal()
"""user, email: the account has proven that it owns the address."""
