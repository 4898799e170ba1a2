from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('modelhub', '0010_training_results'),
    ]

    operations = [
        migrations.AddField(
            model_name='generationrun',
            name='selection',
            field=models.JSONField(default=dict, help_text='Which prompts it answers, as of its start; empty for all.'),
        ),
    ]
