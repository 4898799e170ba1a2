"""Signing the consent and changing one's mind; writing and publishing its text."""
