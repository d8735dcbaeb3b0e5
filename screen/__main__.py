"""`python -m screen`, and `screen-anode`, the same as a command of its own."""

import sys


def script() -> int:
    """Run as `screen-anode`."""
    return run("screen-anode")


def run(name: str = "python -m screen") -> int:
    """Import and run under this name; an interrupt during the import is one too."""
    try:
        from screen.cli import main  # noqa: PLC0415

        return main(name=name)
    except KeyboardInterrupt:
        print("error: interrupted; nothing was left half-written", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(run())
