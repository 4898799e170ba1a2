"""From an address to a member: invitations."""
