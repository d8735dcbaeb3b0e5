"""The page of a run in headless Chromium: how soon it is there, how fast it sorts and filters.

    python -m benchmarks.page RUN

RUN is a folder that `rank` wrote. Each figure is the median of five; a sort or a filter counts
until the browser has painted.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.machine import SKIPPED, describe, markdown
from screen.answers import run_folders

REPEAT = 5
WIDTHS = {390: 844, 1024: 768, 1920: 1080}
PAINTED = """
const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
await painted();
const start = performance.now();
"""
SORT = f"""async (name) => {{ {PAINTED}
  document.querySelector(`#list [data-sort="${{name}}"]`).click();
  await painted();
  return performance.now() - start;
}}"""
FILTER = f"""async (text) => {{ {PAINTED}
  const field = document.getElementById("search");
  field.value = text;
  field.dispatchEvent(new Event("input"));
  await painted();
  return performance.now() - start;
}}"""
CARD = f"""async () => {{ {PAINTED}
  location.hash = document.querySelector("#list tbody a").hash;
  while (!document.getElementById("card").open) await new Promise((done) => setTimeout(done, 0));
  await painted();
  const took = performance.now() - start;
  document.getElementById("card").close();
  return took;
}}"""


def ready(browser: Any, page_file: Path, width: int) -> tuple[float, Any]:
    """Milliseconds until the list can be used, and the page."""
    size = {"width": width, "height": WIDTHS[width]}
    page = browser.new_context(viewport=size, offline=True).new_page()
    page.goto(page_file.as_uri())
    return page.evaluate("performance.getEntriesByName('ready')[0].startTime"), page


def measured(browser: Any, page_file: Path) -> Iterator[tuple[str, ...]]:
    """One row of the table per width."""
    for width in WIDTHS:
        waits = []
        for _ in range(REPEAT):
            wait, page = ready(browser, page_file, width)
            waits.append(wait)
        page.check("#all")
        sorts = {
            name: median(page.evaluate(SORT, name) for _ in range(REPEAT))
            for name in ("formula", "score", "gates")
        }
        filters = median(page.evaluate(FILTER, text) for text in ("l", "li", "oxide", "zn", ""))
        cards = median(page.evaluate(CARD) for _ in range(REPEAT))
        yield (
            str(width),
            page.inner_text("#said").split()[0],
            f"{median(waits):.0f}",
            ", ".join(f"{name} {value:.0f}" for name, value in sorts.items()),
            f"{filters:.0f}",
            f"{cards:.0f}",
        )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.page", description=__doc__.splitlines()[0]
    )
    parser.add_argument("run", type=Path, help="folder of a run")
    options = parser.parse_args(arguments)
    chromium = shutil.which("chromium")
    if chromium is None:
        print("skipped: no Chromium, Debian's package chromium")
        return SKIPPED
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    start = perf_counter()
    content = run_folders.page_of(options.run)
    took = perf_counter() - start
    print(describe(), f"Load before: {os.getloadavg()[0]:.2f}.\n")
    print(f"Read, checked and written in {took:.2f} s; {len(content) / 1e6:.2f} MB.\n")
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "page.html"
        page_file.write_bytes(content)
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        head = ("width", "rows", "ready (ms)", "sort (ms)", "filter (ms)", "card (ms)")
        print(markdown(head, measured(browser, page_file)))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
