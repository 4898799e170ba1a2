"""Prompts are tied by other rules, so what they are found by is worked out anew.

The buckets are emptied: the next import of prompts into a study, or `manage.py regroup_prompts`,
fills them again. Groups stay as they are until `regroup_prompts` is run.
"""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotations', '0013_least_and_text_checks'),
        ('studies', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='TieReason',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('split_group', models.UUIDField()),
                ('reason', models.CharField(max_length=9)),
            ],
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='sketchbucket',
            name='append_only',
        ),
        migrations.RunSQL("TRUNCATE annotations_sketchbucket", migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='prompt',
            name='split_group',
            field=models.UUIDField(help_text='Prompts that must stay on one side of any split share it.'),
        ),
        migrations.AddIndex(
            model_name='prompt',
            index=models.Index(fields=['study', 'split_group'], include=('held_out',), name='prompt_by_split_group'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='sketchbucket',
            trigger=pgtrigger.compiler.Trigger(name='no_update', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='6c8d80cbd97fca5dea5dde3e671778778b5ee0c2', operation='UPDATE', pgid='pgtrigger_no_update_74239', table='annotations_sketchbucket', when='BEFORE')),
        ),
        migrations.AddField(
            model_name='tiereason',
            name='study',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='studies.study'),
        ),
        migrations.AddIndex(
            model_name='tiereason',
            index=models.Index(fields=['study', 'split_group'], name='tie_reason_by_group'),
        ),
        migrations.AddConstraint(
            model_name='tiereason',
            constraint=models.CheckConstraint(condition=models.Q(('reason__in', ['beginning', 'near', 'family', 'reply'])), name='tie_reason_known'),
        ),
    ]
