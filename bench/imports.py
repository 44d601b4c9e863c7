"""What importing the package and loading the extension cost, as whole processes."""

from __future__ import annotations

from bench.report import Figure, alternate, process_seconds

ROUNDS = 15
LOAD_EXTENSION = """
import time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
began = time.perf_counter()
shell.run_line_magic("load_ext", "jupyter_deploy")
print(time.perf_counter() - began)
"""


def measure() -> list[Figure]:
    """Importing against importing json and sqlite3; %load_ext in a shell that has just started."""
    import subprocess
    import sys

    def load_extension() -> float:
        done = subprocess.run([sys.executable, "-c", LOAD_EXTENSION], check=True, capture_output=True, text=True)
        return float(done.stdout.split()[-1])

    ours, theirs, loading = alternate(
        ROUNDS,
        lambda: process_seconds(["-c", "import jupyter_deploy"]),
        lambda: process_seconds(["-c", "import json, sqlite3"]),
        load_extension,
    )
    ratios = tuple(our / their for our, their in zip(ours, theirs, strict=True))
    return [
        Figure("`import jupyter_deploy` / `import json, sqlite3`, whole processes", ratios, "×", "at most 1.5 ×"),
        Figure("`%load_ext jupyter_deploy`", loading, "s", "under 0.3 s"),
    ]
