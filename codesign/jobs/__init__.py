"""Jobs: one way to claim, watch, cancel, resume and end long work of any kind."""
