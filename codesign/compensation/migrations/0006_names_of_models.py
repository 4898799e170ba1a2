"""The model gets the name of docs/glossary.md; its table, and statements that name it, keep theirs."""

from django.db import migrations, models
import django.db.models.deletion


class Migration(migrations.Migration):
    dependencies = [("compensation", "0005_large_amounts")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameModel("BookTally", "LedgerCounter"),
                migrations.AlterModelTable("ledgercounter", "compensation_booktally"),
                migrations.AlterField(
                    "ledgercounter",
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        help_text="A person's; empty in rows for the study's side.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="counters",
                        to="compensation.account",
                    ),
                ),
            ]
        )
    ]
