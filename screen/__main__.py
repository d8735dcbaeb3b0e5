"""`python -m screen`."""

import sys


def run() -> int:
    """Import and run; an interrupt during the import is one too."""
    try:
        from screen.cli import main  # noqa: PLC0415

        return main()
    except KeyboardInterrupt:
        print("error: interrupted; nothing was left half-written", file=sys.stderr)
        return 130


sys.exit(run())
