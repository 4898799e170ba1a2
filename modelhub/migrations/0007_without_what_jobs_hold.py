import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotations', '0017_untied_responses'),
        ('modelhub', '0006_jobs_of_what_there_is'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='generationitem',
            name='count_made',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='generationitem',
            name='count_changed',
        ),
        migrations.RemoveConstraint(
            model_name='generationitem',
            name='generation_item_state_known',
        ),
        migrations.RemoveField(
            model_name='generationitem',
            name='leased_until',
        ),
        migrations.RemoveField(
            model_name='generationrun',
            name='done_before',
        ),
        migrations.RemoveField(
            model_name='generationrun',
            name='last_done_at',
        ),
        migrations.RemoveField(
            model_name='generationrun',
            name='ring',
        ),
        migrations.RemoveField(
            model_name='generationrun',
            name='rung_at',
        ),
        migrations.RemoveField(
            model_name='generationrun',
            name='tokens_before',
        ),
        migrations.RemoveField(
            model_name='trainingrun',
            name='cancel_requested_at',
        ),
        migrations.RemoveField(
            model_name='trainingrun',
            name='heartbeat_at',
        ),
        migrations.RemoveField(
            model_name='trainingrun',
            name='seconds_left',
        ),
        migrations.RemoveField(
            model_name='trainingrun',
            name='step',
        ),
        migrations.RemoveField(
            model_name='trainingrun',
            name='steps',
        ),
        migrations.RemoveField(
            model_name='upload',
            name='cancel_requested_at',
        ),
        migrations.RenameField(
            model_name='upload',
            old_name='heartbeat_at',
            new_name='checked_at',
        ),
        migrations.RemoveField(
            model_name='upload',
            name='rows',
        ),
        migrations.RemoveField(
            model_name='upload',
            name='started_at',
        ),
        migrations.AddField(
            model_name='generationrun',
            name='tasks_wait',
            field=models.BooleanField(default=False, help_text='Whether some are still to be made, as its round was busy.'),
        ),
        migrations.AlterField(
            model_name='upload',
            name='checked_at',
            field=models.DateTimeField(help_text='When a person was shown what is in it.', null=True),
        ),
        migrations.AlterField(
            model_name='generationitem',
            name='attempts',
            field=models.PositiveSmallIntegerField(default=0, help_text='Workers that claimed it.'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='generationitem',
            trigger=pgtrigger.compiler.Trigger(name='count_made', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n    UPDATE modelhub_generationrun run SET\n      total = run.total + changed.total, done = run.done + changed.done,\n      failed = run.failed + changed.failed, tokens = run.tokens + changed.tokens\n    FROM (\n      SELECT run_id, sum(sign) AS total,\n        coalesce(sum(sign) FILTER (WHERE state = 'done'), 0) AS done,\n        coalesce(sum(sign) FILTER (WHERE state = 'failed'), 0) AS failed,\n        coalesce(sum(sign * tokens) FILTER (WHERE state = 'done'), 0) AS tokens\n      FROM (SELECT 1 AS sign, run_id, state, tokens FROM made) rows GROUP BY run_id\n    ) changed\n    WHERE run.id = changed.run_id\n      AND (changed.total, changed.done, changed.failed, changed.tokens) <> (0, 0, 0, 0);\n    RETURN NULL;\n", hash='3096ea9acc7cc50171bccab6b2fa1538887c0796', level='STATEMENT', operation='INSERT', pgid='pgtrigger_count_made_a7239', referencing='REFERENCING NEW TABLE AS made ', table='modelhub_generationitem', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='generationitem',
            trigger=pgtrigger.compiler.Trigger(name='count_changed', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n    UPDATE modelhub_generationrun run SET\n      total = run.total + changed.total, done = run.done + changed.done,\n      failed = run.failed + changed.failed, tokens = run.tokens + changed.tokens\n    FROM (\n      SELECT run_id, sum(sign) AS total,\n        coalesce(sum(sign) FILTER (WHERE state = 'done'), 0) AS done,\n        coalesce(sum(sign) FILTER (WHERE state = 'failed'), 0) AS failed,\n        coalesce(sum(sign * tokens) FILTER (WHERE state = 'done'), 0) AS tokens\n      FROM (SELECT 1 AS sign, run_id, state, tokens FROM made UNION ALL SELECT -1, run_id, state, tokens FROM gone) rows GROUP BY run_id\n    ) changed\n    WHERE run.id = changed.run_id\n      AND (changed.total, changed.done, changed.failed, changed.tokens) <> (0, 0, 0, 0);\n    RETURN NULL;\n", hash='aa6fcf0cc5fd83560b7c3cc07465ff954b3931ba', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_count_changed_f3ff2', referencing='REFERENCING OLD TABLE AS gone  NEW TABLE AS made ', table='modelhub_generationitem', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='generationitem',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['pending', 'done', 'failed'])), name='generation_item_state_known'),
        ),
    ]
