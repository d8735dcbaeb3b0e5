"""What every command is made with: its exit codes, and help that is read off the models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand

from screen.errors import EXIT_CODES

_MARK = "as the model says: "
Function = TypeVar("Function", bound=Callable[..., Any])


def described(model_and_field: str, *names: str, **more: Any) -> Any:
    """An option that is what a field of a model says it is.

    Args:
        model_and_field: as "Settings.anode", of a model of `screen.options.MODELS`.
        names: of the option, if not that of the parameter.
        more: as of `typer.Option`.
    """
    return typer.Option(*names, help=_MARK + model_and_field, show_default=False, **more)


class Command(TyperCommand):
    """Reads what its options are when it is asked: the models take a tenth of a second to load,
    which help of the whole program is spared.
    """

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The help of the command."""
        self.describe()
        super().format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Options and values for a shell, some of which show the help too."""
        self.describe()
        return super().shell_complete(ctx, incomplete)

    def describe(self) -> None:
        """Fill in the help of the options that models describe."""
        from screen import options

        for option in self.params:
            text = getattr(option, "help", None) or ""
            if text.startswith(_MARK):
                model, _, field = text.removeprefix(_MARK).partition(".")
                option.help = options.described(options.MODELS[model], field)  # type: ignore[attr-defined]


class Program(typer.Typer):
    """Commands that say the exit codes below their help."""

    def __init__(self, **more: Any) -> None:
        super().__init__(epilog=EXIT_CODES, **more)

    def command(self, name: str | None = None, **more: Any) -> Callable[[Function], Function]:
        """Register a function as a command."""
        return super().command(name, cls=Command, epilog=EXIT_CODES, **more)
