"""URLs below `/studies/<slug>/pay/`."""

from django.urls import path

from codesign.compensation.views import (
    budgets,
    ledger,
    own_pay,
    own_rejections,
    pay_choices,
    pay_rates,
    rejections,
    reviews,
)

app_name = "compensation"
urlpatterns = [
    path("", own_pay.mine, name="mine"),
    path("not-accepted/<uuid:rejection_id>/", own_rejections.one, name="own-rejection"),
    path("rates/", pay_rates.rates, name="rates"),
    path("budget/", budgets.budget, name="budget"),
    path("choices/", pay_choices.choices, name="choices"),
    path("entries/", ledger.entries, name="entries"),
    path("entries/<uuid:transfer_id>/reject/", rejections.propose, name="reject"),
    path("review/", reviews.review, name="review"),
    path("rejections/", rejections.listed, name="rejections"),
    path("rejections/<uuid:rejection_id>/", rejections.one, name="rejection"),
]
