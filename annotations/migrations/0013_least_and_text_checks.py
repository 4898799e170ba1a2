import pgtrigger.compiler
import pgtrigger.migrations
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """What a release asks of its preferences; whether texts were looked at for personal data."""

    dependencies = [
        ("annotations", "0012_own_texts"),
        ("studies", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="datasetrelease",
            name="write_once",
        ),
        migrations.AddField(
            model_name="datasetrelease",
            name="least_margin",
            field=models.DecimalField(decimal_places=4, default=Decimal("0"), max_digits=5),
        ),
        migrations.AddField(
            model_name="datasetrelease",
            name="least_p",
            field=models.DecimalField(decimal_places=4, default=Decimal("0.5"), max_digits=5),
        ),
        migrations.AddField(
            model_name="prompt",
            name="text_check",
            field=models.CharField(db_default="unchecked", default="unchecked", max_length=10),
        ),
        migrations.AddField(
            model_name="response",
            name="text_check",
            field=models.CharField(db_default="unchecked", default="unchecked", max_length=10),
        ),
        migrations.AddIndex(
            model_name="prompt",
            index=models.Index(
                condition=models.Q(("text_check", "clear"), _negated=True),
                fields=["study", "id"],
                name="prompt_not_clear",
            ),
        ),
        migrations.AddIndex(
            model_name="response",
            index=models.Index(
                condition=models.Q(("text_check", "clear"), _negated=True),
                fields=["prompt", "id"],
                name="response_not_clear",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="datasetrelease",
            trigger=pgtrigger.compiler.Trigger(
                name="write_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "study_id", "number", "purpose", "requested_by_id", "least_p", "least_margin" rows from % table\', TG_TABLE_NAME;',
                    hash="1226ad9bc6916441441b9081d082e85a4881b05e",
                    operation='UPDATE OF "study_id", "number", "purpose", "requested_by_id", "least_p", "least_margin"',
                    pgid="pgtrigger_write_once_ceb35",
                    table="annotations_datasetrelease",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="datasetrelease",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("least_p__gte", Decimal("0.5")),
                    ("least_p__lte", Decimal("0.9999")),
                    ("least_margin__gte", Decimal("0")),
                    ("least_margin__lte", Decimal("3")),
                ),
                name="release_least_in_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="prompt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("text_check__in", ["unchecked", "clear", "found", "cleared", "kept_out"])
                ),
                name="prompt_text_check_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="response",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("text_check__in", ["unchecked", "clear", "found", "cleared", "kept_out"])
                ),
                name="response_text_check_known",
            ),
        ),
    ]
