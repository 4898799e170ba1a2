"""Accounts: who can sign in, and the tokens their programs use."""
