"""Reads of models; what a query takes says on whose behalf it reads (see `annotations.queries`)."""
