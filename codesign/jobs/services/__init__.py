"""Every write of jobs; see `queueing`, `working`, `tending`."""
