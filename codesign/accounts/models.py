"""Accounts and tokens. Names are stored outside of `User`, so that they can be protected apart."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from codesign.accounts.rules import LineSpacing, TextSize
from codesign.shared.models import PublicModel, one_of


class UserManager(BaseUserManager["User"]):
    """Creates accounts by e-mail address; there are no user names."""

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:
        """Create an account. The password is hashed; None makes it unusable."""
        user = self.model(email=self.normalize_email(email), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """Match addresses regardless of case."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """An account: address, password, and a time zone for daily caps. No name or contact details."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    timezone = models.CharField(max_length=64, default="Europe/London")
    language = models.CharField(max_length=12, blank=True, help_text="Empty until first sign-in.")
    text_size = models.CharField(max_length=7, default=TextSize.USUAL)
    line_spacing = models.CharField(max_length=7, default=LineSpacing.USUAL)
    is_active = models.BooleanField(default=True)
    is_site_admin = models.BooleanField(default=False, help_text="Manages accounts, not content.")
    joined_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique"),
            one_of("text_size", TextSize, "user_text_size_known"),
            one_of("line_spacing", LineSpacing, "user_line_spacing_known"),
        ]

    def __str__(self) -> str:
        return self.email


class Identity(models.Model):
    """The name that a person goes by, kept apart from the account and from research data."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="identity")
    name = models.CharField(max_length=200, blank=True)
    updated_at = models.DateTimeField(auto_now=True)


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """API tokens, by whether their owner still wants them (decision 28)."""

    def not_revoked(self) -> ApiTokenQuerySet:
        """Those that nobody revoked; they may have expired."""
        return self.filter(revoked_at=None)


class ApiToken(PublicModel):
    """A secret that lets a program act for a person: scoped, expiring, revocable, stored hashed."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the secret, hex.")
    scopes = ArrayField(models.CharField(max_length=40))
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "name"],
                condition=models.Q(revoked_at=None),
                name="token_name_unique_while_valid",
            )
        ]


class SignInMemory(models.Model):
    """Cache of sign-in: codes that were used, and attempts by account and by address, for minutes.

    Also holds forms that were sent after a session ended, for an hour (`shared.stashed_forms`).
    Django's database cache reads and writes it and dictates the columns. All processes share it.
    """

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)


class OutgoingMail(PublicModel):
    """The outbox: a mail is a row first, so that a mail server that is away loses none."""

    to = models.EmailField(help_text="Emptied once sent: who had mail when is nobody's business.")
    subject = models.CharField(max_length=200)
    body = models.TextField(help_text="Emptied once sent: the mail is the reader's alone.")
    useful_until = models.DateTimeField(
        null=True, blank=True, help_text="Not sent after: a code that works no more only confuses."
    )
    sent_at = models.DateTimeField(null=True, blank=True)
