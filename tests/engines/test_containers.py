"""The parts of the Dockerfile and the compose file, without a container: the commands are
ones that the program takes, what is copied is there, and the secrets are asked for.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.settings import Settings
from typer.main import get_command

from flows import serve

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "flows/Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "flows/compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def test_what_is_copied_is_there() -> None:
    """From this folder, or from an earlier stage, which puts it there."""
    stages = re.findall(r"^FROM \S+ AS (\w+)$", DOCKERFILE, flags=re.MULTILINE)
    copies = [line.split()[1:-1] for line in DOCKERFILE.splitlines() if line.startswith("COPY ")]
    assert len(copies) > 2
    for first, *others in copies:
        if first.startswith("--from="):
            assert first.removeprefix("--from=") in stages
            assert all(f" {name} " in DOCKERFILE.split(first)[0] for name in others)
        else:
            assert all((ROOT / name).exists() for name in (first, *others)), (first, others)


def test_the_image_is_of_a_python_and_extras_that_there_are() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = re.search(r"BASE=python:(\d+\.\d+)-slim", DOCKERFILE)
    extras = re.search(r"\.whl\)\[([a-z,]+)\]", DOCKERFILE)
    assert version is not None
    assert extras is not None
    assert f"Programming Language :: Python :: {version[1]}" in project["classifiers"]
    assert set(extras[1].split(",")) <= project["optional-dependencies"].keys()
    assert DOCKERFILE.index("USER screen") < DOCKERFILE.index("CMD"), "it does not run as root"


def test_the_weekly_command_is_one() -> None:
    """Parsed as the program parses it, without being run."""
    python, flag, module, *arguments = SERVICES["weekly"]["command"]
    assert (python, flag, module) == ("python", "-m", "flows.serve")
    command = get_command(serve.app)
    context = command.make_context("flows.serve", list(arguments), resilient_parsing=False)
    assert context.params["pull"] is True
    assert list(context.params["anodes"]) == ["Li"]
    serve.check_cron(context.params["every"], context.params["zone"])


def test_nobody_gets_in_without_a_password() -> None:
    """It is asked for where it is set and where it is used, and the page is for this machine."""
    server, client = SERVICES["prefect"]["environment"], SERVICES["weekly"]["environment"]
    assert server["PREFECT_SERVER_API_AUTH_STRING"].startswith("${PREFECT_PASSWORD:?")
    assert client["PREFECT_API_AUTH_STRING"].startswith("${PREFECT_PASSWORD:?")
    assert server["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"] == "http://127.0.0.1:4200"
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["prefect"]["ports"])
    assert "ports" not in SERVICES["database"]
    assert "${DATABASE_PASSWORD:?" in SERVICES["database"]["environment"]["POSTGRES_PASSWORD"]


def test_settings_of_prefect_are_ones_that_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {n for s in SERVICES.values() for n in s["environment"] if n.startswith("PREFECT_")}
    assert names
    for name in names:
        monkeypatch.setenv(name, "http://127.0.0.1:4200/api")
    found = Settings()
    assert found.api.url == "http://127.0.0.1:4200/api"
    assert (
        found.server.cors_allowed_origins
        if hasattr(found.server, "cors_allowed_origins")
        else (found.server.api.cors_allowed_origins == "http://127.0.0.1:4200/api")
    )
    assert found.server.ui.api_url == "http://127.0.0.1:4200/api"
    assert found.server.api.auth_string is not None
    assert found.server.database.connection_url is not None


def test_services_wait_for_what_they_need() -> None:
    for service in SERVICES.values():
        for needed, how in service.get("depends_on", {}).items():
            assert how == {"condition": "service_healthy"}
            assert "healthcheck" in SERVICES[needed]
    used = {v.split(":")[0] for s in SERVICES.values() for v in s.get("volumes", ())}
    assert used == COMPOSE["volumes"].keys()
