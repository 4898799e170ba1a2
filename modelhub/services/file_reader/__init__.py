"""Reads files of prompts in a separate process with limits of memory and time.

Each kind of file has a module that turns it into raw rows (`modelhub.rules.raw_rows`). `opening`
finds the kind by the content. `__main__` is the process.
"""
