"""`make schema`: record the statements of all migrations, on a throw-away server."""

import subprocess
import sys

import tests.plugin  # noqa: F401 - starts the server, whose database is empty

if __name__ == "__main__":
    sys.exit(subprocess.run([sys.executable, "manage.py", "record_schema"], check=False).returncode)
