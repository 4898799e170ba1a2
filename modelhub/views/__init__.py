"""Pages about models. Judging roles have no access."""
