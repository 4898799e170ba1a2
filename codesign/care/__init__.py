"""Care for everybody who reads heavy things here."""
