"""From a bare machine to a running airline platform, with nothing but Python's standard library.

This file must run on any Python 3, however old: all it does is find an interpreter that can run the rest and
hand over to it. Keep it free of annotations, f-strings and imports of ours at the top.
"""

import os
import shutil
import sys

SUPPORTED = ((3, 11), (3, 12), (3, 13))


def main(arguments):
    """Carry out one command line and return its exit code; hands over to a fitting interpreter first."""
    if sys.version_info[:2] not in SUPPORTED:
        return _hand_over(arguments)
    from iaros.bootstrap.commands import carry_out

    return carry_out(arguments)


def find_interpreter(path=None):
    """The newest Python on `path` (default: PATH) that IAROS supports, or None."""
    for major, minor in reversed(SUPPORTED):
        found = shutil.which("python{}.{}".format(major, minor), path=path)  # noqa: UP032
        if found:
            return found
    return None


def _hand_over(arguments):
    interpreter = find_interpreter()
    if interpreter:
        script = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(__file__))), "manage.py")
        os.execv(interpreter, [interpreter, os.path.abspath(script)] + list(arguments))  # noqa: RUF005
    sys.stderr.write(
        "IAROS needs Python 3.11, 3.12 or 3.13; this is Python {}.{} ({}).\n"  # noqa: UP032
        "No python3.11, python3.12 or python3.13 is on the PATH either.\n"
        "Install one (for example: apt-get install python3.11 python3.11-venv) and run it again.\n".format(
            sys.version_info[0], sys.version_info[1], sys.executable
        )
    )
    return 1
