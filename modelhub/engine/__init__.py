"""Runs and trains language models with torch, transformers, peft and TRL, without Django.

All modules here are cheap to import, because the heavy libraries are imported inside functions. So
the web process can import names and rules from this package without loading torch.
"""
