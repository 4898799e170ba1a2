"""Studies, their cohorts, their members and their members' roles."""
