"""Faults must not lose acknowledged work, fill a seat twice or pay twice."""
