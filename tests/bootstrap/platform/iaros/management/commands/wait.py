import sys
import time

from django.core.management.base import BaseCommand
from django.db import connection


class Command(BaseCommand):
    """Uses the database for a while, then ends with the code it was given."""

    def add_arguments(self, parser):
        parser.add_argument("seconds", type=float)
        parser.add_argument("--code", type=int, default=0)

    def handle(self, *args, **options):
        for moment in ("before", "after"):
            with connection.cursor() as cursor:
                cursor.execute("SELECT current_user")
                print(moment, cursor.fetchone()[0], flush=True)
            time.sleep(options["seconds"])
            connection.close()
        sys.exit(options["code"])
