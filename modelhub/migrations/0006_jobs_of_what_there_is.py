from django.db import migrations

COLUMNS = """
    INSERT INTO jobs_job (id, created_at, kind, subject_id, label, study_id, requested_by_id, state,
      waits, due_at, call, attempts, done, total, samples, cursor, cancel_requested_at, started_at,
      ended_at, reason)
"""

# What no worker has ended waits to be claimed: its worker is of the version before.
GENERATION = """
    UPDATE modelhub_generationrun SET state = 'queued' WHERE state = 'running';
    UPDATE modelhub_generationitem SET state = 'pending' WHERE state = 'leased';
""" + COLUMNS + """
    SELECT gen_random_uuid(), run.created_at, 'generation_run', run.id, left(model.name, 200),
      run.study_id, run.requested_by_id, run.state, run.state = 'queued', now(), 0, 0, run.done + run.failed,
      run.total + run.unmade, '[]', '', NULL, run.started_at, run.ended_at, run.error
    FROM modelhub_generationrun run JOIN modelhub_modelversion model ON model.id = run.model_version_id;
"""
TRAINING = """
    UPDATE modelhub_trainingrun SET ended_at = now(), state = 'cancelled'
    WHERE state IN ('preparing', 'training') AND cancel_requested_at IS NOT NULL;
    UPDATE modelhub_trainingrun SET state = 'queued', losses = '[]'
    WHERE state IN ('preparing', 'training');
""" + COLUMNS + """
    SELECT gen_random_uuid(), run.created_at, 'training_run', run.id,
      run.method || ' on release ' || release.number, run.study_id, run.requested_by_id, run.state,
      run.state = 'queued', now(), 0, 0, run.step, run.steps, '[]', '',
      CASE WHEN run.state <> 'queued' THEN run.cancel_requested_at END,
      run.started_at, run.ended_at, run.error
    FROM modelhub_trainingrun run JOIN annotations_datasetrelease release ON release.id = run.release_id;
"""
IMPORTS = """
    UPDATE modelhub_upload SET ended_at = now(), state = 'cancelled', first = '[]'
    WHERE state IN ('checking', 'importing') AND cancel_requested_at IS NOT NULL;
    UPDATE modelhub_upload SET state = CASE WHEN state = 'checking' THEN 'queued' ELSE 'confirmed' END
    WHERE state IN ('checking', 'importing');
""" + COLUMNS + """
    SELECT gen_random_uuid(), created_at, 'import', id, left(name, 200), study_id, requested_by_id,
      CASE WHEN state = 'confirmed' THEN 'queued' WHEN state = 'checked' THEN 'done' ELSE state END,
      state IN ('queued', 'confirmed'), now(), 0, 0, rows, total, '[]', '',
      CASE WHEN state NOT IN ('queued', 'confirmed') THEN cancel_requested_at END,
      started_at, CASE WHEN state = 'checked' THEN heartbeat_at ELSE ended_at END, error
    FROM modelhub_upload;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0001_initial'),
        ('modelhub', '0005_items_in_batches'),
    ]

    operations = [
        migrations.RunSQL(GENERATION, migrations.RunSQL.noop),
        migrations.RunSQL(TRAINING, migrations.RunSQL.noop),
        migrations.RunSQL(IMPORTS, migrations.RunSQL.noop),
    ]
