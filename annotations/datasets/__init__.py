"""From judgements to the files of a dataset release.

`policy` decides what a release contains, one file a rule: who is eligible, what is a consensus,
when harm vetoes a record. It works on plain values, so every rule can be tried on made-up
judgements. `plumbing` reads the selection, calls the policy, and writes, hashes and signs files.
Neither asks the database; `annotations.queries.selection` does.
"""
