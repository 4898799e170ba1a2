"""Models get the names of docs/glossary.md; tables, and the statements that name them, keep theirs."""

from django.db import migrations, models
import django.db.models.deletion

RENAMED = [
    ("SketchBucket", "MinhashBucket", "annotations_sketchbucket"),
    ("TieReason", "SplitGroupReason", "annotations_tiereason"),
    ("UntiedResponse", "UngroupedResponse", "annotations_untiedresponse"),
    ("RoundTally", "RoundCounter", "annotations_roundtally"),
]


class Migration(migrations.Migration):
    dependencies = [("annotations", "0017_untied_responses")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                operation
                for old, new, table in RENAMED
                for operation in (
                    migrations.RenameModel(old, new),
                    migrations.AlterModelTable(new.lower(), table),
                )
            ]
            + [
                migrations.AlterField(
                    "roundcounter",
                    "round",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="counters",
                        to="annotations.round",
                    ),
                )
            ]
        )
    ]
