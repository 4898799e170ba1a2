"""Homes; setting a study up; the studies of the site."""
