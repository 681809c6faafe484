#!/usr/bin/env python3
"""IAROS in one command: up, test, setup, down, doctor, or any Django command."""

import sys

from iaros.bootstrap import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
