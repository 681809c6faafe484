import json

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true")

    def handle(self, *args, **options):
        print(json.dumps({"logins": [{"role": "analyst", "username": "ana", "password": "secret-of-ana"}]}))
