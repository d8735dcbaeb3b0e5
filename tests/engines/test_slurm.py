"""The Dask cluster on SLURM, one node: jobs of flows/slurm.yaml do the work of a flow."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.server import free_port
from tests.conftest import wait_until
from tests.flows.conftest import ROOT, WAIT_S, environment, only, ranked, same_run

pytestmark = pytest.mark.slow
CONFIG = """ClusterName=screen
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/none
CredType=cred/none
StateSaveLocation={folder}
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=2000 State=UNKNOWN
PartitionName=standard Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """SLURM's controller and one node, for these tests alone; the file of its settings."""
    if shutil.which("slurmctld") is None or shutil.which("slurmd") is None:
        pytest.skip("SLURM is not installed (apt-get install slurm-wlm)")
    if os.getuid() != 0:
        pytest.skip("slurmd runs as root")
    folder = tmp_path_factory.mktemp("slurm")
    config = folder / "slurm.conf"
    host, ports = socket.gethostname().split(".")[0], (free_port(), free_port())
    config.write_text(CONFIG.format(host=host, ports=ports, folder=folder, cpus=os.cpu_count()))
    env = os.environ | {"SLURM_CONF": str(config)}
    daemons = [
        subprocess.Popen([name, "-D", "-f", str(config)], env=env, stderr=subprocess.DEVNULL)
        for name in ("slurmctld", "slurmd")
    ]
    try:

        def idle() -> bool:
            done = subprocess.run(
                ["sinfo", "-h", "-o", "%t"], env=env, capture_output=True, text=True, check=False
            )
            return done.stdout.strip() == "idle"

        assert wait_until(idle, WAIT_S), (folder / "slurmctld.log").read_text()
        yield str(config)
    finally:
        for daemon in daemons:
            daemon.terminate()
        for daemon in daemons:
            daemon.wait(WAIT_S)


def options(home: Path) -> dict[str, Any]:
    """Those of flows/slurm.yaml, for a small node and this installation."""
    given = yaml.safe_load((ROOT / "flows/slurm.yaml").read_text(encoding="utf-8"))
    found: dict[str, Any] = given["jobqueue"]["slurm"]
    prologue = [f"export {name}={os.environ[name]}" for name in ("PATH", "SLURM_CONF")]
    prologue += [f"export SCREEN_HOME={home} HOME={home} PYTHONPATH={ROOT}"]
    small = {"cores": 1, "processes": 1, "memory": "1GB", "walltime": "00:30:00"}
    found |= small | {"local_directory": str(home), "job_script_prologue": prologue}
    found["job-name"] = found.pop("name")  # so it is called as an argument
    return {name.replace("-", "_"): value for name, value in found.items()}


def test_a_flow_on_slurm(
    slurm: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dask_jobqueue = pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is not installed")
    monkeypatch.setenv("SLURM_CONF", slurm)
    monkeypatch.chdir(tmp_path)
    asked = options(tmp_path) | {
        "python": sys.executable,
        "log_directory": str(tmp_path / "logs"),
        "scheduler_options": {"host": "127.0.0.1", "dashboard_address": None},
        "job_extra_directives": ["--export=ALL"],
    }
    begun = time.monotonic()
    with dask_jobqueue.SLURMCluster(**asked) as cluster:
        cluster.scale(jobs=1)
        assert wait_until(lambda: bool(cluster.scheduler_info["workers"]), WAIT_S)
        ready = time.monotonic() - begun
        queue = subprocess.run(
            ["squeue", "-h", "-o", "%j %t"], capture_output=True, text=True, check=True
        )
        assert "screen R" in queue.stdout
        command = [
            *(sys.executable, "-m", "flows", "screening", "--runner", "dask", "--batch", "60"),
            *("--address", cluster.scheduler_address),
        ]
        begun = time.monotonic()
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * WAIT_S,
        )
        took = time.monotonic() - begun
    assert (done.returncode, done.stderr) == (0, "")
    same_run(only(tmp_path / "results"), ranked(tmp_path / "expected"))
    assert len(list((tmp_path / "store/batches").iterdir())) > 1
    print(f"SLURM: a worker after {ready:.0f} s, the flow took {took:.0f} s")
