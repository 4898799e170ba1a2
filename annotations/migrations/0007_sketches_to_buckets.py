"""Sketches move from the rows of prompts to the buckets in which they are looked up."""

import uuid
from typing import Any

from django.db import migrations

from annotations.rules.buckets import ID, bucketed
from annotations.rules.sketches import layout
from codesign.shared.batches import batched

AT_ONCE = 16_000


def to_buckets(apps: Any, schema_editor: Any) -> None:
    import numpy as np

    prompts = apps.get_model("annotations", "Prompt").objects.exclude(sketch=b"")
    bucket = apps.get_model("annotations", "SketchBucket")
    for study in apps.get_model("studies", "Study").objects.values_list("id", flat=True):
        found = prompts.filter(study_id=study).values_list("id", "sketch").iterator()
        for some in batched(found, AT_ONCE):
            intake = uuid.uuid4()
            ids = np.frombuffer(b"".join(id.bytes for id, _ in some), dtype=ID)
            table = np.frombuffer(b"".join(bytes(sketch) for _, sketch in some), dtype=layout())
            bucket.objects.bulk_create(
                (
                    bucket(study_id=study, bucket=number, intake=intake, keys=keys, prompts=those)
                    for number, keys, those in bucketed(table, ids)
                ),
                batch_size=500,
            )


class Migration(migrations.Migration):

    dependencies = [("annotations", "0006_sketch_buckets")]

    operations = [
        migrations.RunPython(to_buckets, migrations.RunPython.noop),
        migrations.RemoveField(model_name="prompt", name="sketch"),
    ]
