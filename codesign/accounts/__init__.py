"""Accounts: people who can sign in, and the API tokens that their programs use."""
