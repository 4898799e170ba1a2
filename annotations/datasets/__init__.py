"""From judgements to the files of a dataset release.

`snapshot` is what was selected from the database; everything else here works on those plain values
and never asks the database, so that a rule can be tried on a few lines of made-up judgements.
"""
