"""URLs of all apps."""

from django.urls import URLPattern, URLResolver, include, path

from codesign.config.views import SchemaView, healthz
from codesign.shared.views import kept_form

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("kept/", kept_form, name="kept-form"),
    path("", include("codesign.desk.urls")),
    path("", include("codesign.accounts.urls")),
    path("account/", include("allauth.urls")),
    path("", include("codesign.care.urls")),
    path("studies/<slug:slug>/set-up/", include("codesign.studies.urls")),
    path("studies/<slug:slug>/consent/", include("codesign.consent.urls")),
    path("", include("codesign.enrolment.urls")),
    path("studies/<slug:slug>/pay/", include("codesign.compensation.urls")),
    path("studies/<slug:slug>/", include("annotations.urls")),
    path("studies/<slug:slug>/", include("modelhub.urls")),
    path("api/v1/", include("codesign.config.api_urls")),
    path("api/v1/schema/", SchemaView.as_view(), name="schema"),
]

handler400 = "codesign.shared.views.bad_request"
handler403 = "codesign.shared.views.permission_denied"
handler404 = "codesign.shared.views.page_not_found"
handler429 = "codesign.config.views.too_often"  # used by django-allauth
handler500 = "codesign.shared.views.server_error"
