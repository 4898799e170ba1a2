"""Consent: versions of the text, signatures, choices and withdrawals."""
