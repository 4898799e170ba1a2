"""Pages that need no account: the studies that look for people, and what each of them is."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from codesign.accounts.rules import Rate
from codesign.accounts.throttles import address_of, seconds_to_wait
from codesign.desk import queries
from codesign.enrolment import services as enrolment
from codesign.enrolment.forms import PlaceRequestForm
from codesign.shared.access import PUBLIC
from codesign.studies import queries as studies
from codesign.studies.permissions import page


@page(PUBLIC)
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """List the studies that anybody may read about."""
    return render(request, "desk/public_studies.html", {"studies": studies.public_studies()})


@page(PUBLIC)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what a study is, and take the address of somebody who would like to take part.

    The answer is the same for every address, so that it tells nothing about anybody.
    """
    about = queries.about_public_study(slug=slug, language=get_language() or "en")
    email = request.user.email if request.user.is_authenticated else ""
    form = PlaceRequestForm(request.POST or None, initial={"email": email})
    status = 400 if form.errors else 200
    if form.is_bound and form.is_valid():
        if seconds_to_wait(address_of(request), Rate.ASKING) is None:
            enrolment.ask_to_take_part(study=about.study, email=form.cleaned_data["email"])
            messages.success(
                request,
                _("Thank you. If there is a place for you, the people who run the study write."),
            )
            return redirect("desk:public-study", slug=slug)
        form.add_error(None, _("Many people are asking right now. Please try again in a minute."))
        status = 429
    context = {"about": about, "form": form}
    return render(request, "desk/public_study.html", context, status=status)
