"""Pages that span apps: each role's home, people, the demo study."""
