"""Forms of the model pages."""
