"""The Kubernetes file holds what the API's schema allows, and names in it agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCUMENTS: list[dict[str, Any]] = list(
    yaml.safe_load_all((ROOT / "flows/kubernetes.yaml").read_text(encoding="utf-8"))
)


@pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda d: f"{d['kind']}-{d['metadata']['name']}"
)
def test_the_schema_of_the_api(document: dict[str, Any]) -> None:
    validator = pytest.importorskip(
        "kubernetes_validate", reason="kubernetes-validate is not installed"
    )
    validator.validate(document, validator.latest_version(), strict=True)


def test_a_wrong_field_is_seen() -> None:
    validator = pytest.importorskip(
        "kubernetes_validate", reason="kubernetes-validate is not installed"
    )
    (service,) = (d for d in DOCUMENTS if d["kind"] == "Service")
    wrong = service | {"spec": service["spec"] | {"prots": []}}
    with pytest.raises(validator.utils.ValidationError):
        validator.validate(wrong, validator.latest_version(), strict=True)


def test_names_agree() -> None:
    """The service finds the scheduler, workers call it by the service's name and port."""
    by_name = {(d["kind"], d["metadata"]["name"]): d for d in DOCUMENTS}
    service = by_name["Service", "dask-scheduler"]["spec"]
    scheduler = by_name["Deployment", "dask-scheduler"]["spec"]["template"]
    worker = by_name["Deployment", "dask-worker"]["spec"]["template"]["spec"]["containers"][0]
    assert service["selector"] == scheduler["metadata"]["labels"]
    port = service["ports"][0]["port"]
    assert f"tcp://dask-scheduler:{port}" in worker["command"]
    assert str(port) in scheduler["spec"]["containers"][0]["command"]
    assert "PREFECT_API_AUTH_STRING" in {entry["name"] for entry in worker["env"]}
