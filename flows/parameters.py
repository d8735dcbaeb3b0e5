"""What flows are asked, checked before anything begins; every fault is one line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from screen.batches import BATCH, Request
from screen.errors import UsageError, did_you_mean
from screen.settings import Settings, load_settings
from screen.tables import anode_of


class Options(BaseModel):
    """Refuses what it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Pull(Options):
    """What to pull from the Materials Project; the key comes from MP_API_KEY."""

    chemsys: tuple[str, ...] = Field(
        default=(), description="only these systems and their subsystems, as Li-P-S; none: all"
    )
    role: str | None = Field(
        default=None, description="properties only of what this role selects; energies for all"
    )
    gnome: bool = Field(default=False, description="with GNoME materials (not for commercial use)")
    endpoint: str | None = Field(
        default=None, description="address of the API; none: MP_API_ENDPOINT or the public one"
    )
    rate: float = Field(default=4.0, gt=0, le=20, description="requests per second")


class Train(Options):
    """How to fit the models anew."""

    seed: int = Field(default=0, ge=0, description="of the resampling that gives the intervals")
    tolerance: float = Field(
        default=0.01,
        ge=0,
        description="a new model may be worse by this much in what decides (see the README)",
    )


class Screening(Options):
    """What to screen and with what."""

    anodes: tuple[str, ...] = Field(default=("Li",), min_length=1, description="one run for each")
    source: str = Field(default="reference", description="as --source of rank")
    gaps: Path | None = Field(default=None, description="as --gaps of rank")
    moduli: Path | None = Field(default=None, description="as --moduli of rank")
    add: Path | None = Field(default=None, description="as --add of rank")
    roles: tuple[str, ...] = Field(default=(), description="as --role of rank; none: all")
    selected: bool = Field(default=False, description="as --selected of rank")
    config: Path | None = Field(default=None, description="TOML file with settings, as --config")
    settings: dict[str, Any] = Field(default={}, description="settings by name, over the file's")
    results: Path = Field(default=Path("results"), description="folder in which runs get theirs")
    batch: int = Field(default=BATCH, ge=1, description="candidates per task")
    runner: Literal["local", "dask"] = Field(
        default="local", description="local: in the flow's own process; dask: on a cluster"
    )
    workers: int = Field(default=1, ge=1, le=4096, description="of a local Dask cluster")
    address: str | None = Field(
        default=None, description="Dask scheduler to use, as tcp://host:8786; none: a local one"
    )

    def requests(self) -> list[Request]:
        """One for each anode metal.

        Raises:
            UsageError, DataError: for an unknown anode or setting.
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
                selected=self.selected,
                settings=self._settings(anode),
            )
            for anode in self.anodes
        ]

    def _settings(self, anode: str) -> Settings:
        return load_settings(self.config, **self.settings | {"anode": anode_of(anode).symbol})


class Weekly(Screening):
    """Everything, and what changed since the last accepted run."""

    pull: Pull | None = Field(default=None, description="what to pull first; none: no pull")
    train: Train | None = Field(default=None, description="how to fit anew; none: not")
    top: int = Field(default=10, ge=1, description="of how many of each role changes are told")
    webhook: str | None = Field(
        default=None,
        pattern="^https?://[^/]",
        description="address to which the summary is sent by HTTP POST",
    )


Model = TypeVar("Model", bound=Options)


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
        raise UsageError(f"parameter {name} = {first['input']!r}: {first['msg']}") from error
