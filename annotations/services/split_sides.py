"""The sides of split groups that releases have used, which must not change.

A side is training, validation, test or held out. What was test data in a release must not become
training data, or the other way round.
"""

from __future__ import annotations

import uuid

from django.db import connection

from annotations.datasets.policy.splits import split_of
from annotations.models import DatasetRelease, Prompt
from annotations.rules.split_groups import Groups, join_groups
from codesign.studies.models import Study

USED = """NOT p.held_out AND EXISTS (
  SELECT FROM annotations_assignment a
  JOIN annotations_judgement j ON j.assignment_id = a.id
  JOIN annotations_releasemember m ON m.member_id = j.member_id
  JOIN annotations_datasetrelease r ON r.id = m.release_id AND j.submitted_at <= r.frozen_at
  WHERE a.prompt_id = p.id AND r.study_id = p.study_id AND NOT EXISTS (
    SELECT FROM annotations_prompt held
    WHERE held.study_id = p.study_id AND held.split_group = p.split_group AND held.held_out
    AND held.created_at <= r.frozen_at
  )
)"""
"""Whether a release contains the prompt `p`: at that time, it was judged, and neither the prompt
nor another of its group was held out."""
USED_GROUPS = f"""
SELECT DISTINCT p.split_group FROM annotations_prompt p
WHERE p.study_id = %(study)s AND p.split_group = ANY(%(groups)s) AND {USED}
"""  # noqa: S608


def side(*, study: Study, group: uuid.UUID) -> str:
    """Return the split of a group that is not held out."""
    return split_of(study_id=str(study.id), split_group=str(group))


def moves(*, study: Study, groups: Groups) -> dict[uuid.UUID, uuid.UUID]:
    """Return group → new group of its prompts, for joined groups."""
    joined = groups.moved()
    if not joined or not DatasetRelease.objects.frozen().filter(study=study).exists():
        return joined
    parts: dict[uuid.UUID, set[uuid.UUID]] = {}
    for old, target in joined.items():
        parts.setdefault(target, {target}).add(old)
    involved = [*joined, *parts]
    with connection.cursor() as cursor:
        cursor.execute(USED_GROUPS, {"study": study.id, "groups": involved})
        used = {group for (group,) in cursor}
    held_out = Prompt.objects.filter(study=study, held_out=True, split_group__in=involved)
    held = set(held_out.values_list("split_group", flat=True))
    return {
        old: new
        for members in parts.values()
        for old, new in join_groups(
            members,
            used={group: side(study=study, group=group) for group in used & members},
            held_out=bool(held & members),
        ).items()
    }
