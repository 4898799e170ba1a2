"""The lock under which a study changes."""

from __future__ import annotations

import uuid

from codesign.shared.advisory_locks import require_transaction
from codesign.studies.models import Study


def lock_study(*, study_id: uuid.UUID, exclusive: bool = False) -> Study:
    """Lock a study until the transaction ends, and return it as it is now.

    Services take this lock before they look at what they are about to change, so that two of them
    take turns. Outside of a transaction it raises TransactionManagementError, where the lock
    would end at once. With `exclusive`, it also waits for transactions that add rows which refer
    to the study.
    """
    require_transaction("lock_study")
    return Study.objects.select_for_update(no_key=not exclusive).get(id=study_id)
