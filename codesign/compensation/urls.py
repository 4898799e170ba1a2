"""URLs below `/studies/<slug>/pay/`."""

from django.urls import path

from codesign.compensation.views import (
    ledger,
    own_pay,
    own_rejections,
    pay_rates,
    rejections,
    reviews,
)

app_name = "compensation"
urlpatterns = [
    path("", own_pay.mine, name="mine"),
    path("not-accepted/<uuid:rejection_id>/", own_rejections.one, name="own-rejection"),
    path("rates/", pay_rates.rates, name="rates"),
    path("entries/", ledger.entries, name="entries"),
    path("entries/<uuid:transfer_id>/reject/", rejections.propose, name="reject"),
    path("entries/<uuid:transfer_id>/reverse/", ledger.reverse_entry, name="reverse"),
    path("review/", reviews.review, name="review"),
    path("rejections/", rejections.listed, name="rejections"),
    path("rejections/<uuid:rejection_id>/", rejections.one, name="rejection"),
]
