"""Imports point down the drawing in docs/architecture.md, never up, never sideways."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "screen"

LEVEL = {
    "errors": 0,
    "files": 0,
    "folders": 0,
    "limits": 0,
    "outside": 0,
    "store": 0,
    "units": 0,
    "columns": 0,
    "formatting": 0,
    "frame": 0,
    "composition": 0,
    "settings": 0,
    "options": 0,
    "cell": 0,
    "scaffold": 0,
    "doubtful": 0,
    "tried": 0,
    "volumes": 0,
    "parameters": 0,
    "verdicts": 0,
    "filters": 0,
    "schema": 0,
    "sheets": 0,
    "tables": 0,
    "similarity": 0,
    "coincidence": 0,
    "reactions": 0,
    "crystal_files": 0,
    "structures": 0,
    "literature": 0,
    "measured": 0,
    "materials": 0,
    "phases": 0,
    "thermo": 1,
    "atomistic": 1,
    "elastic": 1,
    "energies": 2,
    "sources": 3,
    "descriptors": 3,
    "model": 3,
    "ranking": 3,
    "report": 3,
    "candidates": 4,
    "cards": 4,
    "sealing": 4,
    "crosscheck": 4,
    "predictions": 4,
    "robust": 5,
    "run": 5,
    "pipeline": 6,
    "run_folder": 6,
    "training": 7,
    "evaluation": 8,
    "batches": 9,
    "weekly": 9,
    "answers": 9,
    "api": 10,
    "cli": 11,
    "__main__": 12,
}
"""Height of each part; parts of one height above the words do not know each other."""

MODULES = sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    """The top-level part that a module belongs to."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Names under `screen.` that a module imports, wherever it does so."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            full = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            full = [alias.name for alias in node.names]
        else:
            continue
        names |= {name.split(".")[1] for name in full if name.startswith("screen.")}
    return names & LEVEL.keys()


def test_every_part_has_a_height() -> None:
    assert {part_of(path) for path in MODULES} - {"__init__"} == LEVEL.keys()


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    part = part_of(path)
    if part == "__init__":
        assert imported(path) <= {"api", "settings"}, "the public names, and nothing else"
        return
    for other in imported(path) - {part}:
        same_words = LEVEL[part] == LEVEL[other] == 0
        assert LEVEL[other] < LEVEL[part] or same_words, f"{part} imports {other}"


def test_words_form_no_cycle() -> None:
    words: dict[str, set[str]] = {name: set() for name, level in LEVEL.items() if not level}
    for path in MODULES:
        if (part := part_of(path)) in words:
            words[part] |= imported(path) - {part}
    done: set[str] = set()
    while len(done) < len(words):
        ready = {name for name, needs in words.items() if needs <= done} - done
        assert ready, f"a cycle among {words.keys() - done}"
        done |= ready


def test_kernel_imports_numpy_and_nothing_else() -> None:
    for path in (PACKAGE / "thermo").glob("*.py"):
        if path.name == "by_pymatgen.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                roots = {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                roots = {(node.module or "").split(".")[0]}
            else:
                continue
            ours = {"screen", "numpy", "__future__", "dataclasses", "collections", "functools"}
            ours |= {"enum", "typing", "threading"}
            if path.name == "threads.py":
                ours |= {"os", "multiprocessing", "concurrent", "contextlib"}
            assert roots <= ours, f"{path.name} imports {roots - ours}"


def test_nothing_imports_the_doors_heavily() -> None:
    """Help must stay instant: at import the command line needs nothing but typer and errors."""
    paths = sorted((PACKAGE / "cli").glob("*.py"))
    assert paths
    for path in paths:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        modules = set()
        for node in tree.body:
            if isinstance(node, ast.ImportFrom):
                modules.add(node.module or "")
            elif isinstance(node, ast.Import):
                modules |= {alias.name for alias in node.names}
        assert {m.split(".")[0] for m in modules} <= {"typer", "screen", *sys.stdlib_module_names}
        ours = {m for m in modules if m.split(".")[0] == "screen"}
        assert all(
            m in ("screen", "screen.errors", "screen.outside") or m.startswith("screen.cli")
            for m in ours
        )


HEAVY = {"sources.materials_project", "model", "report.page", "training"}
"""What answers that are linear programs or formulas alone must not load."""


@pytest.mark.parametrize("answer", ["equilibria", "cell_equations", "stack"])
def test_small_answers_load_no_more_than_they_need(answer: str) -> None:
    code = f"import sys, screen.answers.{answer}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300
    )
    assert not {f"screen.{name}" for name in HEAVY} & set(done.stdout.split())


FLOWS = sorted((PACKAGE.parent / "flows").glob("*.py"))
KNOWN_TO_FLOWS = {
    *("prefect", "prefect_dask", "screen", "flows", "pydantic", "typer", "uvicorn", "httpx"),
    *sys.stdlib_module_names,
}


def roots(path: Path) -> set[str]:
    """Top-level packages that a module imports, wherever it does so."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
    return found


def test_flows_stay_thin() -> None:
    """They name and order; the science is in the package, which knows nothing of them."""
    assert FLOWS
    for path in FLOWS:
        assert roots(path) <= KNOWN_TO_FLOWS, path.name
    for path in MODULES:
        assert not roots(path) & {"prefect", "prefect_dask", "flows", "dask", "distributed"}


@pytest.mark.parametrize("path", FLOWS, ids=lambda p: p.name)
def test_flows_evaluate_their_annotations(path: Path) -> None:
    """Put off, they make Prefect fail on options of a served flow."""
    assert "from __future__ import annotations" not in path.read_text(encoding="utf-8")
