"""Commands whose options are the fields of a model: each is said once, by the model."""

import types
from collections.abc import Callable, Mapping
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

import typer
from pydantic import SecretStr

from screen.options import Options, described

SPELLED = {
    "anodes": "--anode",
    "electrolytes": "--electrolyte",
    "roles": "--role",
    "roles_file": "--roles",
}
"""Fields of several values, of which an option gives one."""
Command = TypeVar("Command", bound=Callable[..., Any])


def takes(
    model: type[Options], *, without: tuple[str, ...] = (), **more: Mapping[str, Any]
) -> Callable[[Command], Command]:
    """Give a command an option for each field of a model, beside its own parameters.

    The command gets them as keyword arguments; None or False is one that was not given.

    Args:
        without: fields that are no options.
        more: by the name of a field, what `typer.Option` is told besides.
    """

    def dressed(command: Command) -> Command:
        own = [p for p in signature(command).parameters.values() if p.kind != Parameter.VAR_KEYWORD]
        fields = [
            _parameter(model, name, more.get(name, {}))
            for name in model.model_fields
            if name not in without
        ]
        command.__signature__ = Signature([*own, *fields])  # type: ignore[attr-defined]
        command.__annotations__ = {p.name: p.annotation for p in (*own, *fields)}
        return command

    return dressed


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the options that were given; a zero counts as given."""
    return {n: v for n, v in options.items() if v is not None and v is not False and v != []}


def _parameter(model: type[Options], name: str, more: Mapping[str, Any]) -> Parameter:
    option = typer.Option(
        SPELLED.get(name, "--" + name.replace("_", "-")), help=described(model, name), **more
    )
    kind = _kind(model.model_fields[name].annotation)
    flag = kind is bool
    annotated: Any = Annotated
    return Parameter(
        name,
        Parameter.KEYWORD_ONLY,
        default=False if flag else None,
        annotation=annotated[kind if flag else kind | None, option],
    )


def _kind(annotation: Any) -> Any:
    """What typer is told of a field; the model checks the value."""
    if get_origin(annotation) is types.UnionType:
        (annotation,) = (part for part in get_args(annotation) if part is not types.NoneType)
    if get_origin(annotation) is tuple:
        return list[str]
    if get_origin(annotation) is Literal or annotation is SecretStr:
        return str
    if annotation not in (str, int, float, bool, Path):
        raise TypeError(f"no option can be made of {annotation}")
    return annotation
