"""Reads of models. The arguments of a query say for whom it reads (see `annotations.queries`)."""
