"""The platform around the judging: people, consent, pay, care, and the pages that span them."""

__version__ = "0.1.0"
