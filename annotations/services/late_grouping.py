"""Join split groups by responses that were written during an import.

An import locks the split groups of its study for minutes. A response that a model writes in the
meantime is stored immediately, with an `UngroupedResponse`. The next transaction that locks the
split groups joins the groups of its prompts. Only releases read the groups: they process such
responses first, and are built again if new ones appear.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db import connection, transaction

from annotations.models import UngroupedResponse
from annotations.rules.minhash import REPLY_WORDS, says_enough
from annotations.rules.split_groups import Groups, Why
from annotations.services.split_groups import move
from codesign.shared.advisory_locks import Lock, lock_until_commit
from codesign.studies.models import Study

ALIKE = """
SELECT text_hash, array_agg(DISTINCT split_group)
FROM (
    SELECT response.text_hash,
           (SELECT CASE WHEN study_id = %s THEN split_group END
            FROM annotations_prompt WHERE id = response.prompt_id) AS split_group
    FROM annotations_response AS response
    WHERE response.text_hash IN (
        SELECT late.text_hash FROM annotations_response AS late WHERE late.id = ANY(%s)
    )
) AS same WHERE split_group IS NOT NULL
GROUP BY text_hash HAVING count(DISTINCT split_group) > 1
"""
"""A subquery instead of a join: for a study that is newer than the last ANALYZE, the planner would
read all of its prompts for every hash."""


def record_ungrouped(*, study: Study, texts: Mapping[UUID, str]) -> None:
    """Record new responses (id → text) whose prompts' groups still have to be joined."""
    UngroupedResponse.objects.bulk_create(
        UngroupedResponse(response_id=id, study=study)
        for id, text in texts.items()
        if says_enough(text, REPLY_WORDS)
    )


def group_late(*, study: Study) -> None:
    """Join the groups by recorded responses. The caller holds the lock on the split groups."""
    ungrouped = UngroupedResponse.objects.filter(study=study)
    ids = list(ungrouped.values_list("response_id", flat=True))
    if not ids:
        return
    groups = Groups()
    with connection.cursor() as cursor:
        cursor.execute(ALIKE, [study.id, ids])
        for _hash, (first, *others) in cursor:
            for other in others:
                groups.join(first, other, Why.REPLY)
    move(study=study, groups=groups)
    ungrouped.filter(response_id__in=ids).delete()


def some_ungrouped(*, study: Study) -> bool:
    """Return whether a study has recorded responses."""
    return UngroupedResponse.objects.filter(study=study).exists()


@transaction.atomic
def wait_and_group_late(*, study: Study) -> None:
    """Join the groups by recorded responses, if any. Waits for running imports."""
    if some_ungrouped(study=study):
        lock_until_commit(Lock.SPLIT_GROUPS, study.id)
        group_late(study=study)
