"""URLs below `/studies/<slug>/pay/`."""

from django.urls import path

from codesign.compensation.views import ledger, own_pay, pay_rates

app_name = "compensation"
urlpatterns = [
    path("", own_pay.mine, name="mine"),
    path("rates/", pay_rates.rates, name="rates"),
    path("entries/", ledger.entries, name="entries"),
    path("entries/<uuid:transfer_id>/reverse/", ledger.reverse_entry, name="reverse"),
]
