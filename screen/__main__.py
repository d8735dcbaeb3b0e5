"""`python -m screen`, and `screen-anode`, the same as a command of its own."""

import gc
import sys

MANY_OBJECTS = 100_000
"""New objects after which rubbish is looked for: imports alone make as many, and hardly any."""


def script() -> int:
    """Run as `screen-anode`."""
    return run("screen-anode")


def run(name: str = "python -m screen") -> int:
    """Import and run under this name; an interrupt during the import is one too."""
    gc.set_threshold(MANY_OBJECTS)
    try:
        from screen.cli import main  # noqa: PLC0415

        return main(name=name)
    except KeyboardInterrupt:
        print("error: interrupted; nothing was left half-written", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(run())
