from django.db import migrations, models

PURPOSES = [
    'take_part',
    'training',
    'evaluation',
    'commercial',
    'publication',
    'demographics',
    'quotation',
    'recontact',
    'credit',
    'linking',
]


class Migration(migrations.Migration):

    dependencies = [
        ('consent', '0003_true_meaning'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='consentchoice',
            name='consent_purpose_known',
        ),
        migrations.AddConstraint(
            model_name='consentchoice',
            constraint=models.CheckConstraint(condition=models.Q(purpose__in=PURPOSES), name='consent_purpose_known'),
        ),
    ]
