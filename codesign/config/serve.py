"""`python -m codesign.config.serve`: run gunicorn after validating the settings.

Gunicorn alone reads WEB_CONCURRENCY at import and ends with a traceback if it is not a number.
Further options are passed on.
"""

import sys

from codesign.config.loading import run_gunicorn
from codesign.config.starting import load_settings

if __name__ == "__main__":
    load_settings()
    sys.argv[1:1] = ["-c", "python:codesign.config.gunicorn", "codesign.config.wsgi:application"]
    run_gunicorn()
