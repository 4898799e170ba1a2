"""The project's settings with one more URL: the bare view for comparison."""

from codesign.config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
