"""Studies, who takes part in them, and in what role."""
