"""`python -m codesign.config.serve`: gunicorn, once the settings have proven readable.

gunicorn alone reads WEB_CONCURRENCY while it is imported, and ends in a traceback where that is no
number. More options may follow.
"""

import sys

from codesign.config.loading import run_gunicorn
from codesign.config.starting import load_settings

if __name__ == "__main__":
    load_settings()
    sys.argv[1:1] = ["-c", "python:codesign.config.gunicorn", "codesign.config.wsgi:application"]
    run_gunicorn()
