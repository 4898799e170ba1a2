"""Accounts, contact details, API tokens."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Sign-in itself is django-allauth's."""

    name = "codesign.accounts"
    label = "accounts"
