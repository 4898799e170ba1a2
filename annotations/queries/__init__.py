"""Reads of the judging; what doors ask takes the actor whose eyes it is for."""
