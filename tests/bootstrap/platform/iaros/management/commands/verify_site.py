import json
import urllib.request

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--url")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args, **options):
        with urllib.request.urlopen(options["url"] + "/readyz") as answer:
            failed = [] if answer.status == 200 else ["/readyz"]
        print(json.dumps({"checked": 1, "failed": failed}))
