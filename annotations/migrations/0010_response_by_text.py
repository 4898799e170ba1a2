from django.db import migrations, models


class Migration(migrations.Migration):
    """One index of the texts' hashes in place of two: no pattern is ever looked for in them."""

    dependencies = [("annotations", "0009_round_offering")]
    operations = [
        migrations.AlterField("response", "text_hash", models.CharField(max_length=64)),
        migrations.AddIndex(
            "response", models.Index(fields=["text_hash"], name="response_by_text")
        ),
    ]
