"""An emulator, and what a pull against it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from screen.settings import PullSettings
from screen.sources import materials_project as mp
from tests.materials_project import safe_environment
from tests.materials_project.documents import Database, make_database
from tests.materials_project.emulator import KEY, Emulator

COUNT = 2500
PATIENCE = PullSettings(timeout_s=2.0, attempts=4, backoff_s=0.01, longest_wait_s=5.0).model_copy(
    update={"requests_per_second": 1000.0}
)
"""As the default, but for tests that do not want to wait."""

Connect = Callable[..., mp.Server]


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The client package, imported once, unable to leave this machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in safe_environment(tmp_path_factory.mktemp("home")).items():
            patch.setenv(name, value)
        for name in ("MP_API_KEY", "PMG_MAPI_KEY", "MAPI_KEY", "MP_API_ENDPOINT"):
            patch.delenv(name, raising=False)
        yield pytest.importorskip("mp_api.client")


@pytest.fixture(scope="session")
def small() -> Database:
    return make_database(COUNT, seed=1)


@pytest.fixture
def server(small: Database) -> Iterator[Emulator]:
    with Emulator(small) as emulator:
        yield emulator


def forget_servers(client: Any) -> None:
    """Let the client ask again what it knows of a server, for another may have got its port."""
    client.MPRester._get_heartbeat_info.cache_clear()
    client.MPRester.get_emmet_version.cache_clear()


@pytest.fixture
def told() -> list[str]:
    """What the pull says on the way."""
    return []


@pytest.fixture
def dial(client: Any, told: list[str]) -> Iterator[Connect]:
    """Connects to an emulator, as `screen pull` does."""
    opened: list[mp.Server] = []

    def make(emulator: Emulator | str, key: str = KEY, **changes: Any) -> mp.Server:
        forget_servers(client)
        endpoint = emulator if isinstance(emulator, str) else emulator.endpoint
        settings = PATIENCE.model_copy(update=changes)
        opened.append(mp.Server(key, mp.endpoint_from({}, endpoint), settings, told.append))
        return opened[-1]

    yield make
    for connected in opened:
        connected.session.close()


CAP = 1000.0
"""GPa; moduli above are refused."""
