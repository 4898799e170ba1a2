"""Makes what tests need, one file per app, through the services wherever a rule is at stake."""
