"""`make bench`: medians and ratios in one run; asserts nothing."""
