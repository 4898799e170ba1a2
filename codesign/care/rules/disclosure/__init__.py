"""Notices that a writer may be telling of a crisis of their own (decision 30).

`detection.find_disclosure` is what other code calls.
"""
