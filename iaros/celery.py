"""The Celery application. Queues are declared in `iaros.lib.queues`; a task on any other queue fails at start."""

import os

from celery import Celery
from kombu import Queue as KombuQueue

from iaros.lib.queues import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "iaros.settings")

app = Celery("iaros")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = [KombuQueue(queue.value) for queue in Queue]
app.autodiscover_tasks()
# For every thread of the process: the web server answers in threads of its own, and Celery would give those another
# application, which knows no broker.
app.set_default()
