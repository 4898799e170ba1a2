"""How a person wants to be paid."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from codesign.accounts.permissions import proven_first
from codesign.compensation.forms.payouts import MethodForm
from codesign.compensation.permissions import CHOOSE_METHOD
from codesign.compensation.queries.payout_methods import own_method
from codesign.compensation.rules.payout_methods import MethodKind
from codesign.compensation.services import payout_methods
from codesign.shared.errors import Invalid
from codesign.shared.forms import explain
from codesign.studies.permissions import StudyRequest, page


@page(CHOOSE_METHOD)
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@proven_first
def method(request: StudyRequest, slug: str) -> HttpResponse:
    """Show the ways to be paid; with `?kind=`, the form of one of them."""
    asked = request.GET.get("kind", "")
    kind = MethodKind(asked) if asked in MethodKind.values else None
    form = MethodForm(request.POST or None, kind=kind) if kind else None
    if form and request.method == "POST" and form.is_valid() and _choose(request, form, kind):
        messages.success(
            request, _("Saved. We use it from 48 hours from now on, and have sent you an e-mail.")
        )
        return redirect("compensation:mine", slug=slug)
    context = {
        "form": form,
        "kind": kind,
        "kinds": list(MethodKind),
        "current": own_method(member=request.member),
    }
    status = 400 if form and form.errors else 200
    return render(request, "compensation/method.html", context, status=status)


def _choose(request: StudyRequest, form: MethodForm, kind: MethodKind | None) -> bool:
    try:
        payout_methods.choose_method(
            actor=request.actor,
            study=request.member.study,
            kind=kind or "",
            details=form.cleaned_data,
        )
    except Invalid as refusal:
        explain(form, refusal)
        return False
    return True
