"""`make bench`: measurements in one run, printed as medians and ratios. Asserts nothing."""
