"""What a command loads before it does anything: libraries for learning wait until something is learnt."""

import subprocess
import sys

LATE = ("sklearn", "lightgbm", "implicit", "scipy", "pandas", "splink", "rapidfuzz", "holidays")
_LOADED = f"import sys, django; django.setup(); print(*sorted(set({LATE!r}) & set(sys.modules)))"


def test_start__loads_no_library_for_learning():
    done = subprocess.run([sys.executable, "-c", _LOADED], capture_output=True, text=True, check=True)

    said = "import it inside the function that needs it, or reach the module that needs it from inside a function"
    assert done.stdout.split() == [], said
