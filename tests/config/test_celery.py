"""Tasks as a web process and a command see them."""

import subprocess
import sys

from tests.support.running import ROOT

PROGRAM = """
import os, sys, django
os.environ["DJANGO_SETTINGS_MODULE"] = "codesign.config.settings"
django.setup()
from celery import current_app
from django.conf import settings
from codesign.jobs.carrier import QUEUES
wanted = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
print(sorted(wanted - set(current_app.tasks)), sorted(wanted - set(QUEUES)))
print(sorted({"torch", "transformers", "trl", "datasets", "pandas"} & set(sys.modules)))
"""


def test_every_process_knows_the_tasks_and_their_queues_and_loads_no_model_library() -> None:
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.splitlines() == ["[] []", "[]"]
