"""Look at large tables again when a hundredth of them is new, not a tenth.

Until then the planner takes a study or round that has just come in for empty, and may read all of
it for each row that is wanted.
"""

from django.db import migrations

TABLES = ("prompt", "response", "task", "seat", "assignment", "judgement")
SET = "ALTER TABLE annotations_{} SET (autovacuum_analyze_scale_factor = 0.01)"
RESET = "ALTER TABLE annotations_{} RESET (autovacuum_analyze_scale_factor)"


class Migration(migrations.Migration):
    dependencies = [("annotations", "0007_sketches_to_buckets")]
    operations = [
        migrations.RunSQL(SET.format(table), RESET.format(table)) for table in TABLES
    ]
