"""Services of jobs: `queueing`, `working` and `tending`."""
