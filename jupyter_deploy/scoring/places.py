"""Where an entry script finds itself: variables, current folder and import path, the same in a worker and in a trial."""

from __future__ import annotations

import os
import sys

from .settings import Settings


def variables(settings: Settings) -> dict[str, str]:
    """Return the variables that the script's process has beside those it inherits."""
    named = {
        **settings.environment,
        "AML_APP_ROOT": str(settings.app_root),
        "AZUREML_ENTRY_SCRIPT": str(settings.entry_script),
        "AZUREML_MODEL_DIR": str(settings.model_dir),
    }
    if settings.source_directory is not None:
        named["AZUREML_SOURCE_DIRECTORY"] = str(settings.source_directory)
    return named


def enter(settings: Settings) -> None:
    """Make the app root the current folder and the script's folders importable."""
    os.chdir(settings.app_root)
    first = [str(settings.entry_script.parent)]
    if settings.source_directory is not None:
        first.insert(0, str(settings.source_directory))
    sys.path[:0] = list(dict.fromkeys(first))
    sys.path.append(str(settings.app_root))
