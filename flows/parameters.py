"""What flows are asked, checked before anything begins; every fault is one line."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)

from screen.batches import BATCH, Request
from screen.errors import UsageError, did_you_mean
from screen.options import Fitting, Judged, Options, Pull, RoleFile, Tables
from screen.settings import Settings, load_settings
from screen.tables import anode_of, electrolytes_of

_ADDRESS = re.compile(r"https?://[^/\s]\S*")


class TrainChoice(Fitting):
    """What a run may be told of fitting."""


class Train(TrainChoice):
    """How to fit the models anew."""

    tolerance: float = Field(
        default=0.01,
        ge=0,
        description="a new model may be worse by this much in what decides (see the README)",
    )


class ScreeningChoice(Judged):
    """What a run may be told of a screening."""

    anodes: tuple[str, ...] = Field(
        default=("Li",), min_length=1, description="anode metals, a run for each"
    )
    electrolytes: tuple[str, ...] = Field(
        default=(), description=Settings.model_fields["electrolytes"].description
    )


class Screening(ScreeningChoice, RoleFile, Tables):
    """What to screen and with what."""

    config: Path | None = Field(default=None, description="TOML file with settings")
    settings: dict[str, Any] = Field(default={}, description="settings by name, over the file's")
    results: Path = Field(default=Path("results"), description="folder in which runs get theirs")
    batch: int = Field(default=BATCH, ge=1, description="candidates per task")
    runner: Literal["local", "dask"] = Field(
        default="local",
        description="where tasks run: in the flow's own process (local) or on a cluster (dask)",
    )
    workers: int = Field(default=1, ge=1, le=4096, description="processes of a local Dask cluster")
    address: str | None = Field(
        default=None, description="Dask scheduler to use, as tcp://host:8786; none: a local one"
    )

    def requests(self) -> list[Request]:
        """One for each anode metal.

        Raises:
            UsageError, DataError: for an unknown anode, electrolyte or setting.
        """
        if self.runner == "local" and (self.workers > 1 or self.address is not None):
            raise UsageError("workers and address go with the runner dask; add --runner dask")
        return [
            Request(
                source=self.source,
                gaps=self.gaps,
                moduli=self.moduli,
                add=self.add,
                roles=self.roles,
                roles_file=self.roles_file,
                selected=self.selected,
                settings=self._settings(anode),
            )
            for anode in self.anodes
        ]

    def _settings(self, anode: str) -> Settings:
        faced = {"electrolytes": self.electrolytes} if self.electrolytes else {}
        over = self.settings | faced | {"anode": anode_of(anode).symbol}
        made = load_settings(self.config, **over)
        electrolytes_of(made.anode, made.electrolytes)  # what is none shows before anything begins
        return made


class WeeklyChoice(ScreeningChoice):
    """What a run may be told of everything."""

    top: int = Field(default=10, ge=1, description="of how many of each role changes are told")


class Weekly(Screening, WeeklyChoice):
    """Everything, and what changed since the last accepted run."""

    pull: Pull | None = Field(default=None, description="what to pull first; none: no pull")
    train: Train | None = Field(default=None, description="how to fit anew; none: not")
    robust: int = Field(
        default=200,
        ge=0,
        description="draws of errors, weights and what is not known, from which the probability "
        "follows to be among the first ten; 0: none",
    )
    webhook: SecretStr | None = Field(
        default=None, description="address to which the summary is sent by HTTP POST; a secret"
    )

    def _settings(self, anode: str) -> Settings:
        made = super()._settings(anode)
        return made if made.robust else made.model_copy(update={"robust": self.robust})

    @field_validator("robust")
    @classmethod
    def _has_spread(cls, given: int) -> int:
        if given == 1:
            raise ValueError("one draw has no spread; give at least 2, or 0 for none")
        return given

    @field_validator("webhook")
    @classmethod
    def _is_address(cls, given: SecretStr | None) -> SecretStr | None:
        if given is not None and not _ADDRESS.fullmatch(given.get_secret_value()):
            raise ValueError("not an address that begins with http:// or https://")
        return given


Model = TypeVar("Model", bound=Options)

FIXED, WEBHOOK = "SCREEN_FLOW_OPTIONS", "SCREEN_WEBHOOK"


def fix(options: Weekly) -> None:
    """Set what flows of this process, and of those that it starts, are run with.

    It is kept in the environment, not in parameters: these lie in the server's database, and
    whoever may start a run chooses them. What names a file, an address or code is not theirs to
    choose.
    """
    plain = options.model_dump(mode="json", exclude_defaults=True, exclude={"webhook"})
    os.environ[FIXED] = json.dumps(plain)
    if options.webhook is not None:
        os.environ[WEBHOOK] = options.webhook.get_secret_value()


def fixed() -> Weekly:
    """What was set, or what holds if nothing was.

    Raises:
        UsageError: naming the first that is wrong.
    """
    try:
        given = json.loads(os.environ.get(FIXED) or "{}")
        if not isinstance(given, dict):
            raise ValueError("not an object")
    except ValueError as error:
        raise UsageError(f"{FIXED} is no JSON object of options: {str(error)[:80]}") from error
    webhook = os.environ.get(WEBHOOK)
    return checked(Weekly, given | ({"webhook": webhook} if webhook else {}))


def chosen(
    model: type[Model],
    choice: type[Options],
    given: Options | Mapping[str, Any],
    base: Options | None,
) -> Model:
    """Options of a flow: those that were fixed, and over them what its run was told.

    Args:
        model: of all options of the flow.
        choice: of those that a run may be told.
        given: what it was told.
        base: what was fixed, of `model` or of one with more; none: nothing was.

    Raises:
        UsageError: naming the first that is wrong.
    """
    picked = checked(choice, given).model_dump(exclude_unset=True, include=set(choice.model_fields))
    set_before = {} if base is None else {name: getattr(base, name) for name in model.model_fields}
    return model.model_validate(set_before | picked)


def told(choice: type[Model], options: Options) -> Model:
    """Of the options of a flow, those that stand in its parameters."""
    return choice(**options.model_dump(include=set(choice.model_fields), exclude_unset=True))


def checked(model: type[Model], given: Model | Mapping[str, Any]) -> Model:
    """Options of a flow as it gets them: made here, or as JSON from the server.

    Raises:
        UsageError: naming the first that is wrong.
    """
    if isinstance(given, model):
        return given
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "options"
        if first["type"] == "extra_forbidden":
            hint = did_you_mean(name, model.model_fields)
            raise UsageError(f"unknown parameter {name!r}; {hint}") from error
        value = "" if name == "webhook" else f" = {first['input']!r}"  # it is a secret
        said = first["msg"].removeprefix("Value error, ")
        raise UsageError(f"parameter {name}{value}: {said}") from error


def masked(arguments: Sequence[str]) -> list[str]:
    """A command's arguments without the address of its webhook, which is a secret."""
    found = [re.sub(r"\A(--webhook=).*", r"\1***", text, flags=re.DOTALL) for text in arguments]
    for i, text in enumerate(found[:-1]):
        if text == "--webhook":
            found[i + 1] = "***"
    return found
