"""Write the MinHash signatures of prompts into buckets."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from annotations.models import Prompt, SketchBucket
from annotations.rules import minhash, minhash_buckets
from annotations.rules.prompts import turns
from codesign.shared.batches import batched
from codesign.shared.copying import copy_rows
from codesign.studies.models import Study

if TYPE_CHECKING:
    from annotations.rules.minhash import Array

SKETCHES = 32_000
"""New signatures in memory before they are written: about 10 MB, or 120 for each bucket."""
TEXTS = 2_000
"""Most texts in memory."""
COLUMNS = ("study_id", "bucket", "intake", "keys", "prompts")
Bucket = tuple[int, bytes, bytes]
"""Number of the bucket, keys, prompt ids."""


def write_signatures(*, study: Study, sign: Callable[[], None] = lambda: None) -> uuid.UUID:
    """Write the signatures of all prompts of a study without any. Return the id of this intake."""
    intake = uuid.uuid4()
    prompts = Prompt.objects.filter(study=study).values_list("id", "content_hash", "messages")
    for some in batched(prompts.iterator(TEXTS), SKETCHES):
        ids, tables = [], []
        for part in batched(some, TEXTS):
            sign()
            by_text = {content: (id, messages) for id, content, messages in part}
            ids += [id.bytes for id, _ in by_text.values()]
            tables.append(
                minhash.signatures([turns(messages) for _id, messages in by_text.values()])
            )
        write_buckets(study=study, intake=intake, rows=bucketed(ids=ids, tables=tables))
    return intake


def write_buckets(*, study: Study, intake: uuid.UUID, rows: Iterable[Bucket]) -> None:
    """Write the buckets of an import."""
    copied = ((study.id, bucket, intake, keys, prompts) for bucket, keys, prompts in rows)
    copy_rows(SketchBucket, COLUMNS, copied)


def bucketed(*, ids: Sequence[bytes], tables: Sequence[Array]) -> Iterator[Bucket]:
    """Yield the buckets for signatures of prompts."""
    import numpy as np

    prompt_ids = np.frombuffer(b"".join(ids), dtype=minhash_buckets.ID)
    return minhash_buckets.bucketed(np.concatenate(tables), prompt_ids)
