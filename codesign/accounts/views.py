"""A person's API tokens, and the site's accounts for its admins."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codesign.accounts import queries, services
from codesign.accounts.forms import InviteForm, TokenForm
from codesign.accounts.models import User
from codesign.accounts.permissions import proven_lately
from codesign.accounts.rules import TokenScope, is_interface_language
from codesign.shared.access import PUBLIC, SIGNED_IN, SITE_ADMIN
from codesign.shared.actors import Actor
from codesign.shared.catalogues import statuses
from codesign.shared.errors import Invalid, NotFound
from codesign.shared.forms import explain
from codesign.shared.pages import PageView, plain_page

ACCOUNTS_A_PAGE = 50
JUST_MADE = "token_just_made"
HANDED_S = 60
"""Seconds within which the next page must show the secret."""
MAILS_A_PAGE, MOST_MAILS = 10, 200
shown_lately: Callable[[PageView], PageView] = reauthentication_required(allow_get=True)
"""Ask the person to confirm who they are unless they did so minutes ago, then continue."""


class AccountRequest(HttpRequest):
    """The request of a signed-in person."""

    user: User
    actor: Actor


@plain_page(SIGNED_IN)
@never_cache
@require_http_methods(["GET", "POST"])
@shown_lately
def tokens(request: AccountRequest) -> HttpResponse:
    """Show my tokens and a form for a new one. Its secret is shown once, on the next page."""
    form = TokenForm(request.POST or None, usable=queries.scopes_of(actor=request.actor))
    secret = _make_token(request, form) if form.is_bound and form.is_valid() else ""
    if secret:
        return _handed_over(request, secret)
    secret = (
        request.get_signed_cookie(JUST_MADE, "", salt=str(request.user.pk), max_age=HANDED_S) or ""
    )
    context = {
        "form": form,
        "secret": secret,
        "tokens": [
            {
                "token": token,
                "may": [TokenScope(s).label for s in token.scopes],
                "ended": token.expires_at <= timezone.now(),
            }
            for token in queries.tokens_of(actor=request.actor)
        ],
    }
    answer = render(request, "accounts/tokens.html", context, status=400 if form.errors else 200)
    if JUST_MADE in request.COOKIES:
        answer.delete_cookie(JUST_MADE, path=request.path, samesite="Strict")
    return answer


def _handed_over(request: AccountRequest, secret: str) -> HttpResponse:
    """Redirect to the page that shows the secret, so that a reload does not repeat the request.

    The browser carries the secret in a cookie, for that page only and for a minute. It shows the
    secret anyway, and so the server never stores it.
    """
    answer = redirect("accounts:tokens")
    answer.set_signed_cookie(
        JUST_MADE,
        secret,
        salt=str(request.user.pk),
        max_age=HANDED_S,
        path=reverse("accounts:tokens"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )
    return answer


def _make_token(request: AccountRequest, form: TokenForm) -> str:
    try:
        _token, secret = services.make_token(
            actor=request.actor, user=request.user, **form.cleaned_data
        )
    except Invalid as refusal:
        explain(form, refusal)
        return ""
    return secret


@plain_page(SIGNED_IN)
@require_POST
@shown_lately
def revoke_token(request: AccountRequest) -> HttpResponse:
    """Revoke one of my tokens."""
    name = request.POST.get("name", "")
    services.revoke_token(actor=request.actor, user=request.user, name=name)
    messages.success(request, _("“%(name)s” was revoked.") % {"name": name})
    return redirect("accounts:tokens")


@plain_page(PUBLIC)
@require_http_methods(["GET", "POST"])
def language(request: HttpRequest) -> HttpResponse:
    """Choose the language of pages and mails; show how complete and checked each one is."""
    if request.method != "POST":
        words = {
            "statuses": statuses(),
            "LANGUAGE_CODE": get_language(),
            "back": _own_path(request.GET.get("next") or _page_before(request)),
        }
        return render(request, "accounts/language.html", words)
    chosen = request.POST.get("language", "")
    if not is_interface_language(chosen):
        raise Invalid(_("This language is not available."))
    if isinstance(request.user, User):
        services.choose_language(user=request.user, language=chosen)
    answer = redirect(_own_path(request.GET.get("next", "")))
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        chosen,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return answer


def _page_before(request: HttpRequest) -> str:
    """Return the page of ours from which somebody came. Pages carry no address of their own."""
    came, ours = request.headers.get("Referer", ""), request.build_absolute_uri("/")
    return came[len(ours) - 1 :] if came.startswith(ours) else ""


def _own_path(address: str) -> str:
    """Return the address if it is a page of ours, otherwise the first page."""
    ours = address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if ours else "/"


@plain_page(SITE_ADMIN)
@never_cache
@require_http_methods(["GET", "POST"])
def people(request: AccountRequest) -> HttpResponse:
    """List all accounts, and invite somebody to create one."""
    form = InviteForm(request.POST or None)
    if form.is_bound and form.is_valid():
        services.invite_account(
            actor=request.actor,
            email=form.cleaned_data["email"],
            sign_up_url=settings.SITE_URL + reverse("account_signup"),
        )
        messages.success(request, _("We are sending an e-mail to %(email)s.") % form.cleaned_data)
        return redirect("accounts:people")
    pages = Paginator(queries.accounts(actor=request.actor), ACCOUNTS_A_PAGE)
    context = {
        "form": form,
        "page": pages.get_page(request.GET.get("page")),
        "mail_shown": settings.MAIL_SHOWN,
    }
    return render(request, "accounts/people.html", context, status=400 if form.errors else 200)


@plain_page(SITE_ADMIN)
@never_cache
@require_safe
def mail(request: AccountRequest) -> HttpResponse:
    """Show mails of an installation without a mail server, because a demo needs its codes."""
    if not settings.MAIL_SHOWN:
        raise NotFound
    pages = Paginator(queries.kept_mail(actor=request.actor, most=MOST_MAILS), MAILS_A_PAGE)
    context = {"page": pages.get_page(request.GET.get("page")), "folder": settings.MAIL_DIR}
    return render(request, "accounts/mail.html", context)


@plain_page(SITE_ADMIN)
@never_cache
@require_safe
def stop(request: AccountRequest, user_id: uuid.UUID) -> HttpResponse:
    """Explain what deactivating an account does, with a button that does it."""
    user = queries.account(actor=request.actor, user_id=user_id)
    if user == request.user or not user.is_active:
        return redirect("accounts:people")
    return render(request, "accounts/stop.html", {"account": user})


@plain_page(SITE_ADMIN)
@require_POST
@proven_lately
def set_active(request: AccountRequest, user_id: uuid.UUID) -> HttpResponse:
    """Deactivate or reactivate an account."""
    user = queries.account(actor=request.actor, user_id=user_id)
    if request.POST.get("active") not in ("yes", "no"):
        raise Invalid(_("Choose whether to deactivate or reactivate the account."))
    active = request.POST["active"] == "yes"
    services.set_active(actor=request.actor, user=user, active=active)
    text = _("%(email)s can sign in again.") if active else _("%(email)s can no longer sign in.")
    messages.success(request, text % {"email": user.email})
    return redirect("accounts:people")
