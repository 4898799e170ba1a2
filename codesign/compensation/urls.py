"""URLs below `/studies/<slug>/pay/`."""

from django.urls import path

from codesign.compensation.views import (
    budgets,
    ledger,
    own_method,
    own_pay,
    own_rejections,
    paid_people,
    pay_choices,
    pay_rates,
    payouts,
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
    path("entries/<uuid:transfer_id>/reverse/", ledger.reverse_entry, name="reverse"),
    path("review/", reviews.review, name="review"),
    path("rejections/", rejections.listed, name="rejections"),
    path("rejections/<uuid:rejection_id>/", rejections.one, name="rejection"),
    path("method/", own_method.method, name="method"),
    path("people/", paid_people.people, name="people"),
    path("payouts/", payouts.batches, name="payouts"),
    path("payouts/new/", payouts.new_batch, name="new-payout"),
    path("payouts/<uuid:batch_id>/", payouts.batch, name="payout"),
    path("payouts/<uuid:batch_id>/approve/", payouts.approve, name="approve-payout"),
    path("payouts/<uuid:batch_id>/cancel/", payouts.cancel, name="cancel-payout"),
    path("payouts/<uuid:batch_id>/file/", payouts.file, name="payout-file"),
    path("payouts/<uuid:batch_id>/results/", payouts.results, name="payout-results"),
]
