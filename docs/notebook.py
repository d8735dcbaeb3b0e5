"""Run the notebook and keep what its cells show.

    python -m docs.notebook

Its cells use nothing of IPython, so that plain Python runs them, here and in the tests.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
from pathlib import Path
from typing import Any

NOTEBOOK = Path(__file__).with_name("notebook.ipynb")


def read() -> dict[str, Any]:
    """The notebook as nbformat 4 has it."""
    return dict(json.loads(NOTEBOOK.read_text(encoding="utf-8")))


def text(notebook: dict[str, Any], kind: str) -> list[str]:
    """The sources of its cells of a kind, "code" or "markdown"."""
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


def run(notebook: dict[str, Any]) -> dict[str, Any]:
    """Run all code cells in their order, put what they show into them, and give their names."""
    names: dict[str, Any] = {}
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for count, cell in enumerate(cells, start=1):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            shown = _run_cell("".join(cell["source"]), names)
        cell["execution_count"] = count
        cell["outputs"] = []
        if printed.getvalue():
            cell["outputs"].append(
                {"output_type": "stream", "name": "stdout", "text": _lines(printed.getvalue())}
            )
        if shown is not None:
            cell["outputs"].append(
                {
                    "output_type": "execute_result",
                    "execution_count": count,
                    "metadata": {},
                    "data": _forms(shown),
                }
            )
    return names


def _run_cell(source: str, names: dict[str, Any]) -> Any:
    """Run a cell; its value is that of the expression at its end."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, str(NOTEBOOK), "exec"), names)
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), str(NOTEBOOK), "eval"), names)


def _forms(value: Any) -> dict[str, list[str]]:
    forms = {"text/plain": _lines(repr(value))}
    if hasattr(value, "_repr_html_"):
        forms["text/html"] = _lines(value._repr_html_())
    return forms


def _lines(said: str) -> list[str]:
    return said.splitlines(keepends=True)


if __name__ == "__main__":
    made = read()
    run(made)
    NOTEBOOK.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
