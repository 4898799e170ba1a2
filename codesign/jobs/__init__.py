"""Long work: one way to claim, watch, cancel, resume and finish it, whatever it is about."""
