"""Making accounts and tokens."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.accounts import queries, rules
from codesign.accounts.models import ApiToken, Identity, OutgoingMail, SignInMemory, User
from codesign.accounts.services import proofs
from codesign.accounts.services.outbox import send_mail as send_mail
from codesign.accounts.signals import account_switched, address_verified
from codesign.audit import services as audit
from codesign.audit.registry import OnErasure, action
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid, NotFound, NotPermitted
from codesign.shared.visible import shows_nothing

log = logging.getLogger(__name__)

ACCOUNT_MADE = action("accounts.made", gettext_lazy("created an account"), OnErasure.SHRED)
TOKEN_MADE = action("accounts.token_made", gettext_lazy("created an API token"))
TOKEN_REVOKED = action("accounts.token_revoked", gettext_lazy("revoked an API token"))
ACCOUNT_INVITED = action("accounts.invited", gettext_lazy("invited a person to create an account"))
ACCOUNT_STOPPED = action("accounts.stopped", gettext_lazy("deactivated an account"))
ACCOUNT_OPENED = action("accounts.opened", gettext_lazy("reactivated an account"))


@transaction.atomic
def make_account(
    *,
    actor: Actor,
    email: str,
    password: str | None,
    name: str = "",
    is_site_admin: bool = False,
) -> User:
    """Create an account whose address counts as verified (demo, site admin).

    Without a password, its owner signs in with a code sent by mail. Only the system and site admins
    can create a site admin. An unproven account with this address is deleted first, so that nobody
    can block an address by signing up with it.
    """
    if is_site_admin:
        _require_site_admin(actor)
    proofs.free_address(email=email)
    user = User.objects.create_user(email.lower(), None, is_site_admin=is_site_admin)
    Identity.objects.create(user=user, name=name)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    user.refresh_from_db(fields=["password"])  # proving the address reset it
    if password is not None:
        user.set_password(password)
        user.save(update_fields=["password"])
    audit.record(
        actor=actor,
        action=ACCOUNT_MADE,
        about=("user", user.id, ""),
        personal=(user.id, {"email": user.email}),
    )
    address_verified.send(sender=User, user=user, email=user.email)
    return user


def _require_site_admin(actor: Actor) -> None:
    if not (actor.is_system or actor.is_site_admin):
        raise NotPermitted(_("Only a site admin can do this."))


@transaction.atomic
def invite_account(*, actor: Actor, email: str, sign_up_url: str) -> OutgoingMail:
    """Invite somebody by mail to create an account; doing so proves the address.

    The mail and the response are the same whether or not the address has an account.
    """
    _require_site_admin(actor)
    here = translation.get_language() or ""
    with translation.override(queries.language_of_reader(email, otherwise=here)):
        mail = send_mail(
            to=email,
            subject=_("You are invited to create an account on Codesign"),
            body=_(
                "A site admin has asked us to write to you. You can create an account with this "
                "address here:\n\n%(url)s\n\nIf you already have an account, sign in as usual. If "
                "you did not expect this mail, you can ignore it."
            )
            % {"url": sign_up_url},
        )
    audit.record(actor=actor, action=ACCOUNT_INVITED, about=("outgoing_mail", mail.id, ""))
    return mail


@transaction.atomic
def set_active(*, actor: Actor, user: User, active: bool) -> User:
    """Deactivate an account with its tokens and sessions, or reactivate it.

    If it is a site admin, the other site admins are told; studies tell their own staff.
    """
    _require_site_admin(actor)
    if actor.user_id == user.id and not active:
        raise Conflict(_("You cannot deactivate your own account."))
    user = User.objects.select_for_update().get(id=user.id)
    if user.is_active == active:
        return user
    user.is_active = active
    user.save(update_fields=["is_active"])
    if not active:
        ApiToken.objects.not_revoked().filter(user=user).update(revoked_at=timezone.now())
    audit.record(
        actor=actor,
        action=ACCOUNT_OPENED if active else ACCOUNT_STOPPED,
        about=("user", user.id, ""),
    )
    if user.is_site_admin:
        _tell_site_admins(actor, user)
    account_switched.send(sender=User, actor=actor, user=user, active=active)
    return user


@transaction.atomic
def choose_language(*, user: User, language: str) -> None:
    """Keep the language in which a person reads pages and mails."""
    if not rules.is_interface_language(language):
        raise Invalid(_("This language is not available."))
    if user.language != language:
        User.objects.filter(id=user.id).update(language=language)
        user.language = language


def _tell_site_admins(actor: Actor, user: User) -> None:
    """Tell all other site admins, including the account itself, so that nothing happens unseen."""
    for admin in queries.site_admins():
        if admin.id == actor.user_id:
            continue
        with translation.override(queries.language_of(admin)):
            body = _(
                "%(email)s is a site admin and can sign in again. Another site admin decided this."
            )
            if not user.is_active:
                body = _(
                    "%(email)s is a site admin and can no longer sign in. Another site admin "
                    "decided this. If this is wrong, please tell the people who run this site."
                )
            subject = _("The account of a site admin was changed")
            send_mail(to=admin.email, subject=subject, body=body % {"email": user.email})


def forget_tries() -> int:
    """Drop what sign-in need not remember any more, and forms that nobody came back for.

    Both are personal. Returns how many rows.
    """
    return SignInMemory.objects.filter(expires__lt=timezone.now()).delete()[0]


def forget_sessions() -> int:
    """Drop sessions that have ended; how many."""
    return Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]


def _require_own(actor: Actor, user: User) -> None:
    if not actor.is_system and actor.user_id != user.id:
        raise NotPermitted(_("Only the account's owner can do this."))


@transaction.atomic
def make_token(
    *, actor: Actor, user: User, name: str, scopes: Iterable[str], days: int
) -> tuple[ApiToken, str]:
    """Create a token. The secret is returned only now; the database keeps a hash.

    Refused for an account whose address is not proven.
    """
    _require_own(actor, user)
    proofs.require_proven(user=user)
    name = " ".join(name.split())
    if shows_nothing(name):
        sentence = _("Give the token a name.")
        raise Invalid(sentence, {"name": [sentence]})
    if not 1 <= days <= rules.LONGEST_DAYS:
        sentence = _("Choose between 1 and %(most)d days.") % {"most": rules.LONGEST_DAYS}
        raise Invalid(sentence, {"days": [sentence]})
    wanted = list(dict.fromkeys(scopes))
    unknown = [scope for scope in wanted if scope not in set(rules.TokenScope)]
    if unknown or not wanted:
        raise Invalid(_("Choose what the token may do."), {"scopes": [_("Choose from the list.")]})
    if ApiToken.objects.not_revoked().filter(user=user, name=name).exists():
        sentence = _("You already have a token with this name. Choose another, or revoke it first.")
        raise Invalid(sentence, {"name": [sentence]})
    secret = rules.new_secret()
    token = ApiToken.objects.create(
        user=user,
        name=name,
        digest=rules.digest_of(secret),
        scopes=wanted,
        expires_at=timezone.now() + timedelta(days=days),
    )
    audit.record(actor=actor, action=TOKEN_MADE, about=("api_token", token.id, ""))
    return token, secret


@transaction.atomic
def revoke_token(*, actor: Actor, user: User, name: str) -> None:
    """Revoke a token immediately; the person's other tokens stay valid."""
    _require_own(actor, user)
    token = ApiToken.objects.not_revoked().select_for_update().filter(user=user, name=name).first()
    if token is None:
        raise NotFound(_("You have no such token."))
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    audit.record(actor=actor, action=TOKEN_REVOKED, about=("api_token", token.id, ""))


@transaction.atomic
def set_reading(*, actor: Actor, user: User, text_size: str, line_spacing: str) -> User:
    """Set how large text is, and the space between lines, on all pages of the account.

    Not audited: it is nobody's business how well somebody reads.
    """
    _require_own(actor, user)
    for field, value, known in (
        ("text_size", text_size, rules.TextSize),
        ("line_spacing", line_spacing, rules.LineSpacing),
    ):
        if value not in known.values:
            raise Invalid(_("Please choose from the list."), {field: [_("Choose from the list.")]})
    if (user.text_size, user.line_spacing) != (text_size, line_spacing):
        user.text_size, user.line_spacing = text_size, line_spacing
        user.save(update_fields=["text_size", "line_spacing"])
    return user


PASSWORD_SET = action("accounts.password_set", gettext_lazy("set the password of an account"))


@transaction.atomic
def set_password(*, actor: Actor, user: User, password: str) -> None:
    """Set a new password. Sessions that used the old one end."""
    _require_own(actor, user)
    user.set_password(password)
    user.save(update_fields=["password"])
    audit.record(actor=actor, action=PASSWORD_SET, about=("user", user.id, ""))


@transaction.atomic
def renew_token(
    *, actor: Actor, user: User, name: str, scopes: Iterable[str], days: int
) -> tuple[ApiToken, str]:
    """Replace the token of that name, which is revoked, by a new one."""
    if ApiToken.objects.not_revoked().filter(user=user, name=name).exists():
        revoke_token(actor=actor, user=user, name=name)
    return make_token(actor=actor, user=user, name=name, scopes=scopes, days=days)
