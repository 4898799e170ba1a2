from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('modelhub', '0009_registered_models'),
    ]

    operations = [
        migrations.AddField(
            model_name='trainingrun',
            name='measurements',
            field=models.JSONField(default=list, help_text='[{"step","loss",…}]: scores on validation records while the model trained.'),
        ),
    ]
