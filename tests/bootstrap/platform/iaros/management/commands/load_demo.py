from django.core.management.base import BaseCommand


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--size")
        parser.add_argument("--seed")

    def handle(self, *args, **options):
        print("loaded", options["size"])
