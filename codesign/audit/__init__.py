"""The audit trail: append-only, sealed in batches, with personal data that can be shredded."""
