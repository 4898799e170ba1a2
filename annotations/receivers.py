"""What the judging does when something happens below it."""
