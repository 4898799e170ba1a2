"""Pages that span apps: home pages, setting up studies, the audit trail, the demo study."""
