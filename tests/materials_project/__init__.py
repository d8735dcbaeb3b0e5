"""What the tests need to run the real Materials Project client without the Materials Project."""

from __future__ import annotations

from pathlib import Path


def safe_environment(home: Path) -> dict[str, str]:
    """Variables to set before `mp_api` is imported: whatever it tries, it stays on this machine.

    Its tables on S3 fail at once on a closed loopback port, and its files go under `home`.
    """
    return {
        "HOME": str(home),
        "MPRESTER_LOCAL_DATASET_CACHE": str(home / "datasets"),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ALLOW_HTTP": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
