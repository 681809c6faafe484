"""A platform of a few lines, for the tests of what starts it."""

import os
from urllib.parse import urlsplit

_database = urlsplit(os.environ["DATABASE_URL"])
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _database.path.removeprefix("/"),
        "USER": _database.username,
        "PASSWORD": _database.password,
        "HOST": _database.hostname,
        "PORT": _database.port,
    }
}
SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.staticfiles", "iaros"]
ROOT_URLCONF = "iaros.urls"
STATIC_URL = "/static/"
STATIC_ROOT = os.path.join(os.environ["IAROS_VAR_DIR"], "static")
CELERY_BROKER_URL = os.environ["REDIS_URL"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
USE_TZ = True
