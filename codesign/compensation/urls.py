"""URLs below `/studies/<slug>/pay/`."""

from django.urls import path

from codesign.compensation.views import (
    ledger,
    own_method,
    own_pay,
    paid_people,
    pay_rates,
    payouts,
)

app_name = "compensation"
urlpatterns = [
    path("", own_pay.mine, name="mine"),
    path("rates/", pay_rates.rates, name="rates"),
    path("entries/", ledger.entries, name="entries"),
    path("method/", own_method.method, name="method"),
    path("people/", paid_people.people, name="people"),
    path("payouts/", payouts.batches, name="payouts"),
    path("payouts/new/", payouts.new_batch, name="new-payout"),
    path("payouts/<uuid:batch_id>/", payouts.batch, name="payout"),
    path("payouts/<uuid:batch_id>/approve/", payouts.approve, name="approve-payout"),
    path("payouts/<uuid:batch_id>/cancel/", payouts.cancel, name="cancel-payout"),
    path("payouts/<uuid:batch_id>/file/", payouts.file, name="payout-file"),
    path("payouts/<uuid:batch_id>/results/", payouts.results, name="payout-results"),
    path("entries/<uuid:transfer_id>/reverse/", ledger.reverse_entry, name="reverse"),
]
