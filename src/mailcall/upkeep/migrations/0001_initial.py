from django.db import migrations, models
import django.utils.timezone


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Move',
            fields=[
                ('id', models.CharField(help_text='As in the mark beside the source.', max_length=32, primary_key=True, serialize=False)),
                ('begun_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(null=True)),
                ('mend', models.BooleanField(help_text='Whether values that do not fit are mended.')),
                ('survey', models.JSONField(help_text='Of each table of the source: rows, and the sum of their hashes.')),
                ('reached', models.JSONField(default=dict, help_text='Of each table: the last key that is here.')),
            ],
        ),
    ]
