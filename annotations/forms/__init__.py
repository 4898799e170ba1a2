"""What the judging pages ask for, and how it is read."""
