"""Below `/studies/<slug>/consent/`."""

from django.urls import path

from codesign.consent import views

app_name = "consent"
urlpatterns = [
    path("", views.read, name="read"),
    path("choices/", views.choices, name="choices"),
    path("leave/", views.leave, name="leave"),
    path("texts/<int:number>/<str:language>/", views.text, name="text"),
    path("signed/<uuid:record_id>/", views.copy, name="copy"),
    path("signed/<uuid:record_id>/<str:form>/", views.download, name="download"),
]
