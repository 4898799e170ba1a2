"""What travels up from accounts, inside the transaction."""

from django.dispatch import Signal

address_verified = Signal()  # user, email: the account has proven that the address is its own
