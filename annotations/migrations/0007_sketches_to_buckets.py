"""Sketches leave the rows of prompts: since 0011 they are worked out again from the texts."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [("annotations", "0006_sketch_buckets")]

    operations = [migrations.RemoveField(model_name="prompt", name="sketch")]
