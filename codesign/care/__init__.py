"""Care for everybody who reads distressing texts here."""
