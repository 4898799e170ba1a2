from django.db import migrations

# Statements are prepared for any study, and so planned by how many studies there are. While one
# large study has half of the trail, the planner takes half of it for anybody's: it then walks the
# whole trail from its beginning to find the oldest events of a small study that began last.
# Told that a study is one of many, it goes by the index over studies for every one of them.
ONE_OF_MANY = """
    ALTER TABLE audit_event ALTER COLUMN study_id SET (n_distinct = 1000);
    ANALYZE audit_event;
"""
AS_COUNTED = "ALTER TABLE audit_event ALTER COLUMN study_id RESET (n_distinct)"


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0002_growth'),
    ]

    operations = [
        migrations.RunSQL(ONE_OF_MANY, AS_COUNTED),
    ]
