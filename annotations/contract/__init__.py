"""What people send for an assignment: one definition for the API, the page, drafts and services."""
