"""Mails with an end; and whom sent mails went to is no longer kept."""

from typing import Any

from django.db import migrations, models


def forget_readers(apps: Any, _editor: Any) -> None:
    """Empty the addresses of mails that have left, as `deliver` does from now on."""
    apps.get_model("accounts", "OutgoingMail").objects.exclude(sent_at=None).update(to="")


class Migration(migrations.Migration):
    """Codes by mail go through the outbox and are not sent once they work no more."""

    dependencies = [("accounts", "0002_sign_in_memory")]

    operations = [
        migrations.AddField(
            model_name="outgoingmail",
            name="useful_until",
            field=models.DateTimeField(
                blank=True,
                help_text="Not sent after: a code that works no more only confuses.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="outgoingmail",
            name="to",
            field=models.EmailField(
                help_text="Emptied once sent: who had mail when is nobody's business.",
                max_length=254,
            ),
        ),
        migrations.RunPython(forget_readers, migrations.RunPython.noop),
    ]
