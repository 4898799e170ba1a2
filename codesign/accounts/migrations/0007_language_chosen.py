from django.db import migrations, models


class Migration(migrations.Migration):
    """A language is kept once a person signs in with it; until now nobody could choose one."""

    dependencies = [
        ("accounts", "0006_reading"),
    ]

    operations = [
        migrations.AlterField(
            model_name="user",
            name="language",
            field=models.CharField(
                blank=True, help_text="Empty until first sign-in.", max_length=12
            ),
        ),
        migrations.RunSQL(
            "UPDATE accounts_user SET language = '' WHERE language = 'en'",
            migrations.RunSQL.noop,
        ),
    ]
