"""Reads; each takes the actor whose eyes it is for, or ids that a service has checked."""
