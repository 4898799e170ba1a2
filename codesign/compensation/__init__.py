"""Pay: rates, promises, and a double-entry ledger that only grows."""
