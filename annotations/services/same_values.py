"""Joins split groups of prompts that have the same family or the same response."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence

from django.db import connection

from annotations.rules.split_groups import Groups, Why
from codesign.studies.models import Study

SAME_FAMILY = """
SELECT name, (SELECT split_group FROM annotations_prompt
              WHERE study_id = %s AND family = name AND family <> '' LIMIT 1)
FROM unnest(%s::text[]) AS name
"""
SAME_RESPONSE = """
SELECT hash, (SELECT same.split_group FROM (
                 SELECT (SELECT CASE WHEN study_id = %s THEN split_group END
                         FROM annotations_prompt WHERE id = response.prompt_id) AS split_group
                 FROM annotations_response AS response WHERE response.text_hash = hash
              ) AS same WHERE same.split_group IS NOT NULL LIMIT 1)
FROM unnest(%s::text[]) AS hash
"""
"""Subqueries instead of a join: for a study that is newer than the last ANALYZE, the planner would
read all of its prompts for every hash."""
DIGITS = 6
"""Hexadecimal digits of a hash that `Hashes` keeps apart: 2 MB of bits."""


class Hashes:
    """The hashes of responses of an import, to know those that are certainly new.

    Looking up a hash in the database takes a tenth of the time of an import, and most are new.
    Memory: 2 MB for any number of responses. Of 200,000 new hashes, about 1 in 100 is taken for one
    that may be stored.
    """

    def __init__(self, *, any_older: bool) -> None:
        """Start an import into a study that had prompts before it (`any_older`), or had none."""
        self._any_older = any_older
        self._bits = bytearray(0 if any_older else 16**DIGITS // 8)

    def maybe_stored(self, digest: str) -> bool:
        """Return whether a response of the study may have this hash; remember the hash."""
        if self._any_older:
            return True
        place, bit = divmod(int(digest[:DIGITS], 16), 8)
        known = self._bits[place]
        self._bits[place] = known | 1 << bit
        return bool(known >> bit & 1)


def join_alike(
    *,
    study: Study,
    groups: Groups,
    values: Sequence[tuple[str, uuid.UUID]],
    stored: Collection[str],
    find: str,
    why: Why,
) -> None:
    """Join groups with the same value, and one existing group with that value.

    One is enough, because existing groups with the same value are already joined. `stored` are the
    values that the study may already have; `find` is the statement that looks for them.
    """
    first: dict[str, uuid.UUID] = {}
    if stored:
        with connection.cursor() as cursor:
            cursor.execute(find, [study.id, list(stored)])
            first = {what: group for what, group in cursor if group}
    for what, group in values:
        if (known := first.setdefault(what, group)) is not group:
            groups.join(known, group, why)
