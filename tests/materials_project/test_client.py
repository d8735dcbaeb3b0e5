"""What the pull takes for granted of mp-api beyond its public names."""

from __future__ import annotations

import inspect
import tomllib
from typing import Any

import pytest

from screen.errors import NetworkError
from screen.sources.materials_project import client as ours
from tests.conftest import ROOT


def test_the_private_method_that_pages_are_asked_through(client: Any) -> None:
    """If this fails, mp-api was changed: look at `Server.documents` before raising the limit."""
    from mp_api.client.core.client import BaseRester  # noqa: PLC0415

    assert client.MPRester
    parameters = inspect.signature(BaseRester._search).parameters
    assert {"num_chunks", "chunk_size", "all_fields", "fields"} <= parameters.keys()
    assert any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    ours.check_client()


@pytest.mark.parametrize("search", [None, lambda: []])
def test_a_client_without_it_is_refused_by_its_version(
    client: Any, monkeypatch: pytest.MonkeyPatch, search: Any
) -> None:
    from mp_api.client.core.client import BaseRester  # noqa: PLC0415

    assert client.MPRester
    if search is None:
        monkeypatch.delattr(BaseRester, "_search")
    else:
        monkeypatch.setattr(BaseRester, "_search", search)
    with pytest.raises(NetworkError, match=r"mp-api [\d.]+ has no _search\(\) as it is used here"):
        ours.check_client()


def test_the_limit_in_the_error_is_that_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (limit,) = [text for text in project["dependencies"] if text.startswith("mp-api")]
    assert f"'{limit}'" in inspect.getsource(ours.check_client)
