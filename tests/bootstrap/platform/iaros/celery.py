import os

from celery import Celery

app = Celery("iaros")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule_filename = f"{os.environ['IAROS_VAR_DIR']}/beat-schedule"
