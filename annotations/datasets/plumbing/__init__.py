"""Builds the files of a dataset release by the rules in `policy`.

build                  reads a selection twice and writes the folder of a release
selection              what the database gave, and its hash
snapshot_json          the JSON lines of a prompt and its judgements
first_pass             the first reading: counts, hashes and keeps what is eligible
schemas, columns       Arrow schemas and arrays
files, writers         hashed files; Parquet and JSONL side by side
judgement_files        files of `judgements`
interleaved            order of the records in `unpaired_preference`
layout                 the folder that is named after its content
manifest, dataset_card what a release says of itself, to programs and to people
retraction_signing     the signature of each entry in the retraction list
released_records       which records are in the files of a release
personal_data_scan     looks for personal data in a process of its own, `personal_data_scanner`
"""
