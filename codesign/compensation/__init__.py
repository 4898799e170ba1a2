"""Pay: rates, promises and an append-only double-entry ledger."""
