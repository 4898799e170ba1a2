from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('modelhub', '0004_training_system_message'),
    ]

    operations = [
        migrations.AddField(
            model_name='generationrun',
            name='made_until',
            field=models.CharField(blank=True, default='', help_text='External id of the last prompt with items, while items are still being made. Items are made in the order of external ids.', max_length=120),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='generationrun',
            name='unmade',
            field=models.PositiveIntegerField(default=0, help_text='Items that are not made yet.'),
        ),
        migrations.AlterField(
            model_name='generationrun',
            name='total',
            field=models.PositiveIntegerField(default=0, help_text='Its items so far.'),
        ),
    ]
