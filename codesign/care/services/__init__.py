"""Services of care: `cases` and `rota`."""
