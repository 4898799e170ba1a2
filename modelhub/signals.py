"""Signals of generation runs, sent inside the transaction."""

from django.dispatch import Signal

run_finished = Signal()  # run: all its items are done or have failed
