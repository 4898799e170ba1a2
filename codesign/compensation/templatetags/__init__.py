"""What templates say about pay."""
