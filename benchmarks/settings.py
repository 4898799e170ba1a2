"""The project's own settings, with one address more: the bare view to compare with."""

from codesign.config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
