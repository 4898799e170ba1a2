"""URLs below `/studies/<slug>/pay/`."""

from django.urls import path

from codesign.compensation import views

app_name = "compensation"
urlpatterns = [
    path("", views.mine, name="mine"),
    path("rates/", views.rates, name="rates"),
    path("entries/", views.entries, name="entries"),
    path("entries/<uuid:transfer_id>/reverse/", views.reverse_entry, name="reverse"),
]
