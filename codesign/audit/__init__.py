"""What was done, by whom, when: append-only, sealed in batches, personal data shreddable."""
