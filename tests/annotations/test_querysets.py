"""Rules about rows, each against rows that do and do not meet it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
