"""URLs below `/studies/<slug>/consent/`."""

from django.urls import path

from codesign.consent.views import signing, writing

app_name = "consent"
urlpatterns = [
    path("", signing.read, name="read"),
    path("choices/", signing.choices, name="choices"),
    path("leave/", signing.leave, name="leave"),
    path("write/", writing.write, name="write"),
    path("preview/", writing.preview, name="preview"),
    path("texts/<int:number>/<str:language>/", signing.text, name="text"),
    path("signed/<uuid:record_id>/", signing.copy, name="copy"),
    path("signed/<uuid:record_id>/<str:form>/", signing.download, name="download"),
]
