"""Reading prompts; who may see them the door has checked."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet

from annotations.models import Prompt


def prompts_of(*, study_id: uuid.UUID) -> QuerySet[Prompt]:
    """Every prompt of a study, pulled ones too, by its external id, which is indexed."""
    return Prompt.objects.filter(study_id=study_id).defer("bands").order_by("external_id")
