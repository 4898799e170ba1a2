"""The rules of a dataset release, on plain values: no files, no processes, no Arrow.

eligibility     which judgements, prompts, responses and texts a release may use (consent, held out)
harm_veto       when harm that people reported keeps a record out
pairs           the votes on each pair of responses
consensus       what the votes of all cohorts on a pair say together
cycles          votes on one prompt that contradict each other
preference      records of `preference`, from a pair
unpaired        records of `unpaired_preference`, from scores
rewrites        records of `sft` and `preference`, from a reviewed rewrite
judgement_rows  rows of `judgements`
records         everything that one prompt gives, for all cohorts together and for each
splits          train, validation or test
pseudonyms      names of people and records that hold within one release
personal_data   patterns that find personal data in a text
retractions     which records were based on the work of one person
description     what the manifest says of all this
"""
