"""The only writes of desk: what spans apps."""
