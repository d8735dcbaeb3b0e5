"""The screening as Prefect flows: they name the steps and their order, `screen` computes.

Prefect reads its environment when it is imported, so it is set here first: no telemetry, its files
in our folder, a quiet terminal. What the user has set stays.
"""

import gc
import os
from contextlib import suppress
from pathlib import Path

from screen.__main__ import MANY_OBJECTS
from screen.files import home

gc.set_threshold(MANY_OBJECTS)  # Prefect's import alone makes several times as many
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_HOME", str(home(os.environ) / "prefect"))
with suppress(OSError):  # what cannot be written is said where it is needed
    Path(os.environ["PREFECT_HOME"]).mkdir(mode=0o700, parents=True, exist_ok=True)
os.environ.setdefault("PREFECT_LOGGING_LEVEL", "INFO")
os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "WARNING")
os.environ.setdefault("PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW", "ignore")
os.environ.setdefault("PREFECT_CLI_PROMPT", "false")
os.environ.setdefault("PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT", "false")
