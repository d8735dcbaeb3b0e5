"""The real mp-api client behind a session of our own: connected once, asked page by page."""

from __future__ import annotations

import importlib.metadata
import inspect
import warnings
from collections.abc import Callable
from typing import Any

import requests

from screen.errors import NetworkError, ScreenError
from screen.outside import is_file_name
from screen.settings import PullSettings
from screen.sources.materials_project.session import HEARTBEAT, PoliteSession
from screen.sources.materials_project.usable import shown

PAGE = 1000
MOST = 50_000_000
"""Documents that a route may say it holds: a hundred times as many as today."""
SEARCH = "_search"
"""The one private method of mp-api that is used: no public one gives a page of the thermo route."""


def answers(endpoint: str) -> str:
    """Whether an endpoint answers, and with which database; asked without the key."""
    settings = PullSettings(attempts=1, timeout_s=10)
    try:
        version = _version(PoliteSession(settings, "", lambda _: None), endpoint)
    except NetworkError as error:
        return f"endpoint does not answer: {str(error).partition(';')[0]}"
    return f"endpoint answers: database {version}"


def _version(session: PoliteSession, endpoint: str) -> str:
    """The database version that an endpoint states now."""
    version = session.get(f"{endpoint}{HEARTBEAT}").json().get("db_version")
    if not isinstance(version, str) or not is_file_name(version):  # it names files of ours
        raise NetworkError(
            f"{endpoint} is not the Materials Project: its heartbeat names no database version; "
            "check --endpoint"
        )
    return version


def check_client() -> None:
    """Refuse a client whose one private method that pages are asked through has gone or changed.

    Raises:
        NetworkError: naming the version that is installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mp_api.client.core.client import BaseRester  # noqa: PLC0415 (takes seconds)

    search = getattr(BaseRester, SEARCH, None)
    asked = {"all_fields", "chunk_size"}
    if search is None or not asked <= inspect.signature(search).parameters.keys():
        version = importlib.metadata.version("mp-api")
        raise NetworkError(
            f"mp-api {version} has no {SEARCH}() as it is used here; install the version that "
            "pyproject.toml allows (pip install 'mp-api>=0.46.5,<0.48')"
        )


class Server:
    """The client, connected, with a session that lasts."""

    def __init__(
        self, key: str, endpoint: str, settings: PullSettings, tell: Callable[[str], None]
    ) -> None:
        self.endpoint = endpoint
        self.session = PoliteSession(settings, key, tell)
        self.version = self.current_version()
        self._client = self._connect(key)

    def current_version(self) -> str:
        """The database version that the server states now."""
        return _version(self.session, self.endpoint)

    def _connect(self, key: str) -> Any:
        check_client()
        # Several seconds of imports, hence here.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from mp_api.client import MPRester, mprester  # noqa: PLC0415

            # The client asks for its own heartbeat without time-out or retry; lend it the session.
            lent = ((mprester, "get"), (requests, "get"))
            saved = [getattr(module, name) for module, name in lent]
            try:
                for module, name in lent:
                    setattr(module, name, self.session.get)
                return MPRester(
                    key,
                    endpoint=self.endpoint,
                    use_document_model=False,
                    mute_progress_bars=True,
                    session=self.session,
                )
            except ScreenError:
                raise
            except Exception as error:  # of what it did not expect it raises all there is
                text = self.session.clean(str(error) or type(error).__name__)
                raise NetworkError(
                    f"{self.endpoint} does not answer as the client expects: {text}"
                ) from error
            finally:
                for (module, name), value in zip(lent, saved, strict=True):
                    setattr(module, name, value)

    def count(self, route: str, criteria: dict[str, Any]) -> int:
        """Documents that a route holds for some criteria.

        Raises:
            NetworkError: also for a number that cannot be one.
        """
        count = self._ask(lambda rester: rester.count(_sendable(criteria)), route)
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MOST:
            raise NetworkError(
                f"{route} says that it holds {shown(count)} documents, which is no "
                f"number up to {MOST:,}; is the endpoint that of the Materials Project?"
            )
        return count

    def documents(
        self, route: str, criteria: dict[str, Any], fields: list[str], page: int
    ) -> list[Any]:
        """One page of documents, counted from 1; "names" is the summary, briefly."""
        # `fields` would make the client rebuild its document model for each name, on each page.
        options = {"_page": page, "chunk_size": PAGE, "_fields": ",".join(fields)}
        if route != "thermo":
            options["_sort_fields"] = "material_id"
        documents: list[Any] = self._ask(
            lambda rester: list(
                getattr(rester, SEARCH)(all_fields=False, **_sendable(criteria), **options)
            ),
            route,
            f" page {page}",
        )
        return documents

    def _ask(self, question: Callable[[Any], Any], route: str, where: str = "") -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                rester = self._client.materials.thermo if route == "thermo" else None
                return question(rester or self._client.materials.summary)
            except ScreenError:
                raise
            except Exception as error:  # as above
                text = self.session.clean(str(error) or type(error).__name__)
                raise NetworkError(f"the client gave up on {route}{where}: {text}") from error


def _sendable(criteria: dict[str, Any]) -> dict[str, Any]:
    return {k: ",".join(v) if isinstance(v, list) else v for k, v in criteria.items()}
