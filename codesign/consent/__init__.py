"""Consent: what was asked, what was answered, and taking it back."""
