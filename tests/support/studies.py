"""Forms of studies, filled in."""

from __future__ import annotations

NEW = {
    "title": "Quiet nights",
    "slug": "quiet-nights",
    "summary": "How replies feel.",
    "organisation": "Made-up Sleep Group",
    "contact": "questions@example.org",
    "email": "cora@example.org",
}
