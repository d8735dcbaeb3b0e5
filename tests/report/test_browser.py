"""The page in a real browser: what people do with it, and what must never happen there."""

from __future__ import annotations

import csv
import math
import os
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher

from screen import filters, literature, run, run_folder, structures
from screen.composition import Compositions
from screen.errors import UsageError
from screen.ranking.order import FLOOR, UNKNOWN
from screen.ranking.roles import roles
from screen.report import table
from screen.report.page import SHOWN
from tests.report import runs

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium, as Debian's package chromium"),
    pytest.mark.skipif(
        find_spec("playwright") is None, reason="needs playwright, of the extra dev"
    ),
]

WIDTHS = {390: 844, 1024: 768, 1920: 1080}
Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    rootless = ["--no-sandbox"] if getattr(os, "geteuid", int)() == 0 else []  # root has no sandbox
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=rootless)
        yield started
        started.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages by name."""
    place = tmp_path_factory.mktemp("pages")
    real = run_folder.read(runs.written(place / "run"))
    made = {
        "many": runs.page_of(runs.many(real, 10)),
        "hostile": runs.page_of(runs.poisoned(real)),
        "nobody": runs.page_of(runs.nobody(real)),
        "modelled": runs.page_of(runs.modelled(real)),
        "empty": runs.page_of(runs.without(real, "alloy")),
    }
    for name, content in made.items():
        (place / f"{name}.html").write_bytes(content)
    return {"real": place / "run" / "report.html"} | {n: place / f"{n}.html" for n in made}


@pytest.fixture(scope="module")
def usual(browser: Browser) -> Page:
    """A page that tests use one after the other: a new one costs a process."""
    return browser.new_page(offline=True)


@pytest.fixture
def page_at(browser: Browser, usual: Page, files: dict[str, Path]) -> Iterator[Open]:
    """Opens a page from disk; at the end nothing went wrong and nothing was asked of a network.

    The first is the usual one, as if it were new; further ones and those with options are new.
    """
    faults: list[str] = []
    asked: list[str] = []
    watched: dict[Any, Callable[[Any], None]] = {
        "console": lambda message: faults.append(message.text),
        "pageerror": lambda error: faults.append(str(error)),
        "request": lambda request: asked.append(request.url),
    }
    opened: list[Page] = []

    def call(name: str = "real", width: int = 1440, place: str = "", **options: Any) -> Page:
        new = options or usual in opened
        page = browser.new_page(offline=True, **options) if new else usual
        opened.append(page)
        for event, note in watched.items():
            page.on(event, note)
        page.set_viewport_size({"width": width, "height": WIDTHS.get(width, 900)})
        page.goto(files[name].as_uri() + place)
        return page

    yield call
    if usual in opened:
        usual.evaluate("localStorage.clear()")
        usual.goto("about:blank")
        usual.emulate_media(media="null")
        for event, note in watched.items():
            usual.remove_listener(event, note)
    for page in {*opened} - {usual}:
        page.close()
    assert faults == []
    assert {url.split("#")[0] for url in asked} <= {
        "about:blank",
        *(path.as_uri() for path in files.values()),
    }


def hash_of(page: Page, right: Callable[[str], bool]) -> str:
    """The address, once it is right: it follows what is typed after a moment."""
    for _ in range(100):
        if right(text := page.evaluate("location.hash")):
            return str(text)
        page.wait_for_timeout(50)
    return str(page.evaluate("location.hash"))


def unfold(page: Page) -> None:
    """Open all that can be folded."""
    page.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
    page.wait_for_timeout(100)


def formulas(page: Page) -> list[str]:
    """The formulas on the present page of the list."""
    return page.locator("#list tbody th a").all_inner_texts()


def best(role: int) -> str:
    """The first of a role's list."""
    done = runs.done()
    return str(done.case.formulas[done.rankings[role].order[0]])


def numbers(page: Page, column: str) -> list[float]:
    """A column of numbers of the list, without its unknown cells."""
    heads = page.eval_on_selector_all("#list [data-sort]", "all => all.map(e => e.dataset.sort)")
    cells = page.locator(
        f"#list tbody tr > :nth-child({heads.index(column) + 1})"
    ).all_inner_texts()
    return [float(cell.split()[0].replace("−", "-")) for cell in cells if cell.strip() != "–"]


def test_the_list_is_there_at_once(page_at: Open) -> None:
    page = page_at()
    assert page.title() == "Li anode: candidates as interlayer, host, alloy"
    assert formulas(page)[0] == best(0)
    assert page.locator("[role=tab]").count() == 3
    assert page.locator("#figures figure").count() == 4
    assert page.evaluate("performance.getEntriesByName('ready').length") == 1


def test_a_heading_sorts_and_sorts_back(page_at: Open) -> None:
    page = page_at()
    heading = page.locator("[data-sort=reduction_v]")
    heading.click()
    rising = numbers(page, "reduction_v")
    assert rising == sorted(rising)
    assert heading.locator("xpath=..").get_attribute("aria-sort") == "ascending"
    assert page.evaluate("document.activeElement.dataset.sort") == "reduction_v"
    heading.click()
    falling = numbers(page, "reduction_v")
    assert falling == sorted(falling, reverse=True)
    assert falling[0] >= max(rising)
    assert len({*rising, *falling}) > 10
    page.locator("[data-sort=formula]").click()
    page.check("#all")
    page.select_option(".page-size", "500")
    names = formulas(page)
    assert names.index("Ag") < names.index("Li9Ge4") < names.index("Li13Si4") < names.index("ZrO2")


def test_search_and_filters_narrow_the_list(page_at: Open) -> None:
    page = page_at()
    everyone = page.inner_text("#said")
    page.fill("#search", "GARNET")
    assert "Li7La3Zr2O12" in formulas(page)
    assert 0 < len(formulas(page)) < 5
    page.fill("#search", "no such thing")
    assert "No candidate meets" in page.inner_text("#list")
    page.fill("#search", "")
    assert page.inner_text("#said") == everyone
    page.select_option("#kind", "passivating")
    assert set(page.locator("#list tbody tr > :nth-child(5)").all_inner_texts()) == {"passivating"}
    page.select_option("#kind", "")
    passed = int(everyone.split()[0])
    page.check("#all")
    assert page.inner_text("#said").split()[0] == "220"
    assert passed < 220
    page.uncheck("#all")
    zinc = page.locator("#map button[data-symbol=Zn]")
    zinc.click()
    assert formulas(page)
    assert all("Zn" in formula for formula in formulas(page))
    assert zinc.get_attribute("aria-pressed") == "true"
    zinc.click()
    assert page.inner_text("#chips").startswith("without Zn")
    assert not any("Zn" in formula for formula in formulas(page))
    page.locator("#chips button").click()
    assert page.inner_text("#said") == everyone
    page.fill("#elements-with", "O F")
    page.press("#elements-with", "Enter")
    assert all("F" in name and "O" in name for name in formulas(page))
    page.fill("#elements-with", "Zn Xy")
    page.press("#elements-with", "Enter")
    assert "“Xy” is no element" in page.inner_text("#wrong")
    page.click("#reset")
    assert page.inner_text("#said") == everyone


def test_what_no_table_holds_stands_beside_the_list_and_has_a_card(page_at: Open) -> None:
    page = page_at()
    assert "MIL-101" not in page.inner_text("#list")
    page.fill("#search", "copc")
    assert page.inner_text("#said").startswith("0 of")
    assert "1 that fit the search" in page.inner_text("#papers summary")
    page.locator("#papers a").click()
    card = page.locator("#card")
    card.wait_for()
    assert "NH2-MIL-101(Fe)@CoPc" in card.inner_text()
    assert "It has no rank" in card.inner_text()
    assert "> 2000 h" in card.inner_text()
    assert card.locator("a[href='https://doi.org/10.1039/d5ee01219h']").count() == 4
    page.keyboard.press("Escape")
    assert card.is_hidden()


def test_a_card_lists_what_cells_have_measured(page_at: Open) -> None:
    page = page_at(place="#interlayer/LiF")
    card = page.locator("#card")
    rows = [row for row in literature.rows() if "LiF" in row.active_formulas]
    assert f"{len(rows)} cells, beside their controls" in card.inner_text()
    assert card.locator("table.cells tbody tr").count() == len(rows)
    page.goto(page.url.partition("#")[0] + "#interlayer/LiH")
    page.locator("#card-title", has_text="LiH").wait_for()
    assert "No cell of it is in the literature table." in card.inner_text()


def test_a_filter_on_any_number(page_at: Open) -> None:
    page = page_at()
    page.select_option("[aria-label=Column]", "reduction_v")
    page.fill("[aria-label=Value]", "0.5")
    page.press("[aria-label=Value]", "Enter")
    assert max(numbers(page, "reduction_v")) <= 0.5
    assert page.input_value("#where") == "reduction_v <= 0.5"
    page.get_by_text("Columns of the list").click()
    page.get_by_label("shear modulus GPa", exact=True).check()
    assert numbers(page, "shear_modulus_gpa")


CONDITIONS = (
    "reduction_v <= 0.05 and has F and not radioactive",
    "reduction_v<=.5&(has O|has S)",
    "formula in (ZnO, LiF, 'Li3N') or formula contains PO4",
    "label contains garnet or label contains 'LiPON'",
    "kind not in (stable, conversion) and band_gap_ev is known",
    "oxidation_v is missing and not (handling = air)",
    "band_gap_ev is not missing and score ≥ 0.7",
    "pareto = false and pareto != true && not pareto",
    "not formula contains Li",
)


def test_the_page_reads_conditions_as_the_commands_do(page_at: Open) -> None:
    done = runs.done()
    rows = done.ranked(done.rankings[0])
    page = page_at(place=f"#interlayer?{urlencode({'all': 1, 'rows': 500})}")
    for condition in CONDITIONS:
        meets = runs_condition(condition)(table.columns_of(rows))
        wanted = rows.filter(pa.array(meets)).column("formula").to_pylist()
        assert 0 < len(wanted) < 220
        page.fill("#where", condition)
        assert formulas(page) == wanted, condition
        assert page.inner_text("#wrong") == ""


FAULTS = {
    "reduction_v <= 0.05 ad has F": ("“ad” is not expected", 21),
    "reduction_v <= ": ("something is missing", 16),
    "reducton_v < 1": ("no column “reducton_v” (reduction_v", 1),
    "has Xy": ("“Xy” is no element", 5),
    "formula < 3": ("formula is no number: only = and != compare it", 9),
    "(pareto": ("a “)” is missing", 8),
    "score contains 3": ("only a text contains", 16),
    "pareto # 3": ("cannot read “# 3”", 8),
}


def test_a_wrong_condition_says_where_in_one_sentence(page_at: Open) -> None:
    page = page_at()
    everyone = page.inner_text("#said")
    for condition, (fault, place) in FAULTS.items():
        page.fill("#where", condition)
        said = page.inner_text("#wrong")
        assert fault in said
        assert said.endswith(f", at character {place} of the filter.")
        with pytest.raises(UsageError, match=f"at character {place}\\b"):
            runs_condition(condition)
        assert page.inner_text("#said") == everyone


def runs_condition(condition: str) -> Any:
    """A condition on the columns of the run, read by the program."""
    electrolytes = runs.done().case.electrolytes
    kinds = {column.name: column.kind for column in run.ranked_columns(electrolytes)}
    return filters.parse(condition, kinds)


SEARCHES = {
    "lithium fluoride": "LiF",
    "zinc oxide": "ZnO",
    "O3ZrLi2": "Li2ZrO3",
    "llzo": "Li7La3Zr2O12",
    "silver": "Ag",
    "chlorides": "LaCl3",
    "passes as alloy": "Si",
    "phosphate": "Li3PO4",
}


def test_the_search_knows_names_words_and_roles(page_at: Open) -> None:
    page = page_at(place="#interlayer?all=1&rows=500")
    for typed, found in SEARCHES.items():
        page.fill("#search", typed)
        names = formulas(page)
        assert found in names, typed
        assert len(names) < 110, typed


def test_the_search_says_what_passes_elsewhere(page_at: Open) -> None:
    page = page_at(place="#alloy")
    page.fill("#search", "LiF")
    assert page.inner_text("#said").startswith("0 of")
    assert "LiF as interlayer (rank" in page.inner_text("#elsewhere")
    page.locator("#elsewhere a").first.click()
    page.wait_for_selector("#card[open]")
    assert page.inner_text("#card h2") == "LiF"


def test_the_address_brings_all_back(page_at: Open) -> None:
    page = page_at()
    page.locator("[role=tab]").nth(1).click()
    page.fill("#search", "oxide")
    page.select_option("#kind", "coating")
    page.fill("#elements-without", "Cu")
    page.press("#elements-without", "Enter")
    page.fill("#where", "score > 0.5 and has O")
    page.locator("[data-sort=drive_best_ev_atom]").click()
    page.locator("[data-sort=drive_best_ev_atom]").click()
    page.locator("#list .pick").first.check()
    page.locator("#list tbody th a").nth(1).click()
    page.wait_for_selector("#card[open]")
    name = page.inner_text("#card h2")
    hash_ = hash_of(page, lambda text: "compare=" in text)
    again = page_at(place=hash_)
    assert again.inner_text("#card h2") == name
    again.keyboard.press("Escape")
    again.wait_for_selector("#card:not([open])", state="attached")
    page.keyboard.press("Escape")
    page.wait_for_selector("#card:not([open])", state="attached")
    assert formulas(again) == formulas(page)
    assert len(formulas(page)) > 2
    for box in ("#search", "#kind", "#elements-without", "#where"):
        assert again.input_value(box) == page.input_value(box) != ""
    assert again.inner_text("#tray") == page.inner_text("#tray")
    assert again.evaluate("location.hash") == page.evaluate("location.hash")
    again.click("#reset")
    again.locator("#tray .chip").click()
    again.locator("[data-sort=rank]").click()
    assert hash_of(again, lambda text: text == "#host") == "#host"


SET_MEANWHILE = """
(link) => new Promise((done) => {
  const late = [], later = window.setTimeout;
  window.setTimeout = (work) => late.push(work);
  document.querySelector("#all").click();
  window.setTimeout = later;
  addEventListener("hashchange", () => done(late.length), { once: true });
  location.hash = link;
  late.forEach((work) => work());  // before the page is told that the address has changed
})
"""


def test_a_link_is_followed_while_the_address_waits_to_be_written(page_at: Open) -> None:
    page = page_at()
    assert page.evaluate(SET_MEANWHILE, "#interlayer/ZnO") > 0
    assert page.inner_text("#card h2") == "ZnO"
    assert hash_of(page, lambda text: "all=1" in text) == "#interlayer/ZnO?all=1"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("#nothing", "“nothing”"),
        ("#interlayer/XeF6", "“XeF6” as interlayer"),
        ("#interlayer?kind=none&with=Xy&sort=life&columns=a", "the kind “none”, the element “Xy”"),
        ("#host?compare=LiF,Nope", "“Nope”"),
    ],
)
def test_an_address_that_asks_for_too_much_says_so(page_at: Open, place: str, said: str) -> None:
    page = page_at(place=place)
    notice = page.inner_text("#notice")
    assert notice.startswith("The address asks for what this page does not have: ")
    assert said in notice
    assert formulas(page)
    assert not page.locator("#card[open]").count()


def test_candidates_side_by_side(page_at: Open) -> None:
    page = page_at()
    for k in range(4):
        page.locator("#list .pick").nth(k).check()
    page.locator("#list .pick").nth(4).click()
    assert not page.locator("#list .pick").nth(4).is_checked()
    assert "At most 4" in page.inner_text("#tray")
    names = formulas(page)[:4]
    page.click("#compare")
    page.wait_for_selector("#card[open]")
    card = page.locator("#card")
    assert card.locator("thead th a").all_inner_texts() == names
    assert card.locator("svg path.step").count() == 8  # of the picture and of its key
    done = runs.done()
    ranking = done.rankings[0]
    scores = card.locator("tr", has_text="score").first.inner_text()
    assert all(f"{ranking.score[i]:.3f}" in scores for i in ranking.order[:4])
    ahead = card.locator("tr", has_text="score").first.locator("td")
    assert [ahead.nth(k).locator(".ahead").count() for k in range(4)] == [1, 0, 0, 0]
    rows = card.locator(".side tbody tr:visible").count()
    card.locator("#only-differing").check()
    assert 10 < card.locator(".side tbody tr:visible").count() < rows
    page.go_back()
    page.wait_for_selector("#card:not([open])", state="attached")
    assert page.locator("#tray .chip").count() == 4


def test_a_comparison_of_one_says_what_it_takes(page_at: Open) -> None:
    page = page_at(place="#interlayer/compare?compare=LiF")
    assert "takes two to 4 candidates, and only LiF is chosen" in page.inner_text("#card")
    page = page_at(place="#alloy/compare")
    assert "none is chosen" in page.inner_text("#card")


def test_headings_are_explained_where_they_stand(page_at: Open) -> None:
    page = page_at()
    asks = page.locator("#list thead .ask")
    assert asks.count() == page.locator("#list thead th").count()
    page.get_by_label("What film holds means").click()
    note = page.locator("#explained")
    meaning = next(c.meaning for c in runs.done().descriptors if c.name == "film_holds_v")
    assert meaning in note.inner_text()
    page.keyboard.press("Escape")
    assert note.is_hidden()
    page.locator("#list tbody th a").first.click()
    page.locator("#card .term").first.click()
    assert note.is_visible()
    box = note.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 1440
    page.goto(page.url.partition("#")[0] + "#interlayer/ZnO")
    page.locator("#card-title", has_text="ZnO").wait_for()
    heads = page.locator("#card .plain thead th")
    assert heads.count() > 15
    assert heads.evaluate_all("all => all.every((e) => e.querySelector('.term'))")


def saved(page: Page, button: Any) -> tuple[str, str]:
    """Name and text of the file that a button makes."""
    with page.expect_download() as found:
        button.click()
    return found.value.suggested_filename, Path(found.value.path()).read_text(encoding="utf-8")


def test_the_list_shown_is_saved_as_csv(page_at: Open) -> None:
    page = page_at(place="#interlayer?search=fluoride&columns=rank,formula,band_gap_ev,pareto,why")
    name, text = saved(page, page.locator(".bar .save"))
    assert name == "Li-interlayer.csv"
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["formula"] for row in rows] == formulas(page)
    assert list(rows[0]) == ["rank", "formula", "band_gap_ev", "pareto", "why"]
    done = runs.done()
    place = done.case.formulas.index("LiF")
    (own,) = (row for row in rows if row["formula"] == "LiF")
    assert own["why"] == done.rankings[0].why[place]
    assert float(own["band_gap_ev"]) == pytest.approx(
        done.values.columns["band_gap_ev"][place], abs=1e-4
    )


def test_no_saved_text_is_run_by_a_spreadsheet(page_at: Open) -> None:
    page = page_at("hostile", place="#interlayer?all=1&columns=formula,label,family")
    _, text = saved(page, page.locator(".bar .save"))
    texts = [value for row in csv.reader(text.splitlines()) for value in row]
    assert not [value for value in texts if value.startswith(("=", "+", "-", "@"))]
    assert any(value.startswith("'=HYPERLINK(") for value in texts)


def test_figures_are_saved_as_pictures_that_stand_alone(page_at: Open) -> None:
    page = page_at(place="#interlayer/ZnO")
    for k in range(page.locator("#card .drawing .save").count()):
        name, text = saved(page, page.locator("#card .drawing .save").nth(k))
        assert name.endswith("_of_ZnO.svg")
        root = ElementTree.fromstring(text)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert "var(" not in text
    assert k >= 3


@pytest.mark.filterwarnings("ignore:Issues encountered while parsing CIF")  # 0.3333 is 1/3
def test_structures_are_saved_as_the_program_has_them(page_at: Open) -> None:
    from pymatgen.core import Structure  # noqa: PLC0415

    for formula in ("ZnO", "LiF", "Li3PO4"):
        page = page_at(place=f"#interlayer/{formula}")
        name, text = saved(page, page.get_by_role("button", name=f"CIF of {formula}"))
        assert name == f"{formula}.cif"
        found = Structure.from_str(text, fmt="cif")
        key = Compositions.from_formulas([formula]).key[0]
        own = structures.shipped()[int(key)].structure
        assert found.composition == own.composition
        np.testing.assert_allclose(found.lattice.parameters, own.lattice.parameters, atol=2e-3)
        assert StructureMatcher(primitive_cell=False, scale=False).fit(found, own)


def test_a_card_draws_reactions_at_every_ratio_and_the_layers(page_at: Open) -> None:
    page = page_at(place="#interlayer/ZnO")
    card = page.locator("#card")
    lines = card.locator("svg[aria-label*='every mixing ratio'] path.step")
    case = runs.done().case
    reacting = 0
    for electrolyte in case.electrolytes:
        value = runs.done().values.columns[electrolyte.column][case.formulas.index("ZnO")]
        reacting += bool(value < 0)
    assert lines.count() == reacting > 3
    for formula in ("ZnO", "LiF", "Li3PO4", "Li2S"):
        page.goto(page.url.partition("#")[0] + f"#interlayer/{formula}")
        page.locator("#card-title", has_text=formula).wait_for()
        bars = card.locator("svg[aria-label*='the windows of'] rect")
        assert bars.count() == len(case.electrolytes)
        gaps = [
            runs.done().values.columns[f"bridge_gap_{e.slug}_v"][case.formulas.index(formula)]
            for e in case.electrolytes
        ]
        green = bars.evaluate_all("all => all.map(e => e.classList.contains('kind-2'))")
        assert green == [gap == 0 for gap in gaps]


def test_the_list_does_not_scroll_sideways_on_a_laptop(page_at: Open) -> None:
    page = page_at()
    page.check("#all")
    for tab in page.locator("[role=tab]").all():
        tab.click()
        for width in (1200, 1366, 1440, 1920):
            page.set_viewport_size({"width": width, "height": 900})
            scrolls, wide = page.evaluate("[list.scrollWidth - list.clientWidth, list.clientWidth]")
            assert scrolls == 0
            assert wide > 900


def test_results_stand_beside_the_search_on_a_laptop(page_at: Open) -> None:
    page = page_at(width=1440)
    rows = page.locator("#list tbody tr")
    boxes = [rows.nth(k).bounding_box() for k in range(5)]
    assert all(box is not None and box["y"] + box["height"] < 900 for box in boxes)
    search = page.locator("#search").bounding_box()
    assert search is not None
    assert boxes[0] is not None
    assert search["y"] < boxes[0]["y"]
    assert search["x"] + search["width"] < boxes[0]["x"]


def test_a_card_on_a_telephone_is_folded(page_at: Open) -> None:
    page = page_at(width=390, place="#interlayer/ZnO")
    height = page.evaluate("document.getElementById('card').scrollHeight")
    assert height < 6500  # half of what all of it takes
    page.locator("#card summary", has_text="Capacity").click()
    assert "own capacity" in page.inner_text("#card")


def test_roles_have_lists_of_their_own(page_at: Open) -> None:
    page = page_at()
    page.locator("[role=tab]").nth(2).click()
    assert formulas(page)[0] == best(2)
    page.keyboard.press("ArrowRight")
    assert formulas(page)[0] == best(0)


def test_a_card_says_what_the_program_says(page_at: Open) -> None:
    from screen import pipeline  # noqa: PLC0415
    from screen.answers import card as answer  # noqa: PLC0415

    page = page_at(place="#interlayer/ZnO")
    card = page.locator("#card")
    assert card.locator("h2").inner_text() == "ZnO"
    done = pipeline.explain(runs.done().case.phases, runs.done().case.settings, runs_roles(), "ZnO")
    record = answer.explanation(done).records
    interlayer = record["roles"][0]
    text = card.inner_text()
    assert interlayer["why"] in text
    assert interlayer["what_would_change"][1:] in text
    for state in record["states"]:
        assert all(product in text for product in state["products"])
    for part in record["contact"]:
        assert part["meaning"] in text
    own = [a["formula"] for a in record["alternatives"] if a["role"] == "interlayer"]
    assert card.locator(".alternative a").all_inner_texts() == own
    for place in ("contact", "states", "interfaces"):
        for part in record[place]:
            if part.get("equation"):
                assert part["equation"].replace("->", "→") in text.replace("\u00a0", " ")
    assert any(interface["equation"] for interface in record["interfaces"])
    assert card.locator("a[href^='https://doi.org/10.']").count() > 0
    tracks = card.locator(".track").evaluate_all(
        "all => all.map(e => [e.dataset.desirability, e.dataset.weight])"
    )
    logs = [(math.log(max(float(d) if d else UNKNOWN, FLOOR)), float(w)) for d, w in tracks]
    mean = math.exp(sum(log * w for log, w in logs) / sum(w for _, w in logs))
    assert mean == pytest.approx(interlayer["score"], abs=1e-3)
    assert card.locator(".asked .no").count() == 0


def runs_roles() -> Any:
    """The roles of the run."""
    return tuple(ranking.role for ranking in runs.done().rankings)


def test_families_and_models_appear_by_themselves(page_at: Open) -> None:
    page = page_at("modelled")
    assert "Likeness to what works, and desirability" in page.inner_text("#figures")
    assert page.locator("#figures figure").nth(2).locator("line.whisker").count() > 50
    page.get_by_text("Columns of the list").click()
    page.get_by_label("predicted life", exact=False).first.check()
    page.get_by_label("wetting ev").check()
    first = page.locator("#list tbody tr").first.inner_text()
    assert "0.500 to 2.000" in first
    page.goto(f"{page.url.split('#')[0]}#interlayer/ZnO")
    page.wait_for_selector("#card[open]")
    card = page.locator("#card").inner_text()
    assert "Wetting" in card
    assert "spreads" in card
    assert "eV/atom" in card


OPEN = """
async (links) => {
  const seen = [];
  for (const link of links) {
    const changed = new Promise((done) => addEventListener("hashchange", done, { once: true }));
    location.hash = link;
    await Promise.race([changed, new Promise((done) => setTimeout(done, 60_000))]);
    const card = document.getElementById("card");
    const sections = card.querySelectorAll("section").length;
    seen.push([card.open, card.querySelector("h2").textContent, sections]);
  }
  return seen;
}
"""


def test_cards_of_all_candidates_open(page_at: Open) -> None:
    page = page_at()
    page.check("#all")
    page.select_option(".page-size", "500")
    names = formulas(page)
    assert len(names) == 220
    links = page.locator("#list tbody th a").evaluate_all("all => all.map(e => e.hash)")
    some = range(0, 220, 6)
    seen = page.evaluate(OPEN, [links[i] for i in some])
    assert [name for _, name, _ in seen] == [names[i] for i in some]
    assert all(is_open and sections > 10 for is_open, _, sections in seen)


def test_keys_alone_are_enough(page_at: Open) -> None:
    page = page_at()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    _, second, third = page.locator("#list tbody th a").all_inner_texts()[:3]
    page.focus("#list tbody th a")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector("#card[open]")
    assert page.inner_text("#card h2") == second
    page.keyboard.press("ArrowRight")
    page.locator("#card h2", has_text=third).wait_for()
    page.keyboard.press("Escape")
    page.wait_for_selector("#card:not([open])", state="attached")
    assert page.evaluate("document.activeElement.textContent") == second
    assert "#" not in page.url


def test_theme_follows_the_system_and_the_switch(page_at: Open) -> None:
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    light, dark = page_at(color_scheme="light"), page_at(color_scheme="dark")
    assert light.evaluate(paper) != dark.evaluate(paper)
    before = light.evaluate(paper)
    light.click("#theme")
    assert light.evaluate(paper) == dark.evaluate(paper) != before
    light.reload()
    assert light.evaluate(paper) == dark.evaluate(paper)


def test_prints_the_list_and_the_card_alone(page_at: Open) -> None:
    page = page_at()
    assert page.pdf().startswith(b"%PDF")
    page.goto(f"{page.url}#interlayer/ZnO")
    page.wait_for_selector("#card[open]")
    page.emulate_media(media="print")
    assert page.locator("#main").is_hidden()
    assert page.locator("#card section").first.is_visible()
    assert page.locator("#close").is_hidden()
    assert page.pdf().startswith(b"%PDF")


def test_many_rows_page_without_a_shift(page_at: Open) -> None:
    page = page_at("many")
    page.check("#all")
    assert page.inner_text("#said").startswith(f"{SHOWN} of {SHOWN}")
    assert f"first {SHOWN} of 2200" in page.inner_text("#pager")
    assert page.locator("#list tbody tr").count() == 50
    page.get_by_role("button", name="Next").click()
    assert f"51 to 100 of {SHOWN}" in page.inner_text("#pager")
    page.locator("[data-sort=score]").click()
    scores = numbers(page, "score")
    assert scores == sorted(scores, reverse=True)
    shift = page.evaluate(
        """() => new Promise((done) => {
          let sum = 0;
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
          }).observe({ type: "layout-shift", buffered: true });
          setTimeout(() => done(sum), 300);
        })"""
    )
    assert shift < 0.01


def test_a_role_in_which_nobody_passed_says_so_and_why(page_at: Open) -> None:
    page = page_at("nobody")
    said = page.inner_text("#panel")
    assert "No candidate passes every gate of this role, of 220 that were judged." in said
    (gate,) = [
        gate
        for gate in roles()["interlayer"].kinds["conversion"].gates
        if gate.column == "matrix_fraction"
    ]
    assert f"matrix share ≥ {gate.value:g}" in said
    assert page.inner_text("#said") == "220 of 220"


def test_a_role_in_which_nobody_was_judged_says_so(page_at: Open) -> None:
    page = page_at("empty", place="#alloy?search=zinc&sort=-score")
    assert page.inner_text("#list") == "No candidate was judged in this role."
    assert page.inner_text("#said") == "0 of 0"
    page.goto(page.url.partition("#")[0] + "#alloy/compare?compare=LiF,ZnO")
    page.wait_for_selector("#card[open]")
    assert "not on this page's list" in page.inner_text("#card")


def test_roles_have_fields_of_their_own(page_at: Open) -> None:
    page = page_at(place="#alloy")
    figure = page.locator("#figures figure").first
    assert figure.locator("h3").inner_text() == "Mean uptake potential and held charge"
    assert "Better: left and up" in figure.inner_text()


@pytest.mark.parametrize("role", ["interlayer", "host", "alloy"])
def test_hostile_texts_are_shown_as_text(page_at: Open, role: str) -> None:
    page = page_at("hostile", place=f"#{role}?all=1&rows=25")  # each text in each column
    page.get_by_text("Columns of the list").click()
    page.fill("#search", "no such thing")  # nothing is drawn while the columns are chosen
    page.evaluate(
        "document.querySelectorAll('.choices input:not(:checked)').forEach(e => e.click())"
    )
    page.fill("#search", "")
    assert page.locator("#list tbody tr").count() == 25 > len(runs.HOSTILE)
    shown = page.inner_text("body")
    for text in ("<script>window.pwned = 1</script>", "=HYPERLINK(", "<U+202E>FiL", "<img src=x"):
        assert text in shown
    links = page.locator("#list tbody th a").evaluate_all("all => all.map(e => e.hash)")
    seen = page.evaluate(OPEN, list(dict.fromkeys(links))[: len(runs.HOSTILE)])
    assert all(is_open and sections > 10 for is_open, _, sections in seen)
    state = page.evaluate(
        """() => ({
          pwned: window.pwned ?? null,
          elements: document.querySelectorAll("img, iframe, object, embed, form, link").length,
          scripts: document.scripts.length,
          handlers: [...document.querySelectorAll("*")].filter((e) =>
            [...e.attributes].some((a) => a.name.startsWith("on"))).length,
          links: [...document.querySelectorAll("a[href]")].map((a) => a.getAttribute("href"))
            .filter((href) => !/^(#|https:[/][/]doi[.]org[/]10[.])/.test(href)),
        })"""
    )
    assert state == {"pwned": None, "elements": 0, "scripts": 3, "handlers": 0, "links": []}


OVERLAPS = """
() => {
  const card = document.getElementById("card");
  const top = card.open ? card : document.body;
  const clipped = (rect, element) => {
    let [l, t, r, b] = [rect.left, rect.top, rect.right, rect.bottom];
    let scrolls = false;
    for (let e = element; e && e !== top; e = e.parentElement) {
      const style = getComputedStyle(e);
      if (style.overflowX !== "visible") {
        const box = e.getBoundingClientRect();
        if (["auto", "scroll"].includes(style.overflowX)) scrolls = true;
        [l, t] = [Math.max(l, box.left), Math.max(t, box.top)];
        [r, b] = [Math.min(r, box.right), Math.min(b, box.bottom)];
      }
    }
    return { l, t, r, b, scrolls };
  };
  const SKIPPED = ".hidden, .skip, .card-bar, script, style, title, option";
  const found = [], outside = [];
  const walker = document.createTreeWalker(top, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest(SKIPPED) || !element.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const sticky = element.closest("#list .formula");
    for (const rect of range.getClientRects()) {
      const box = clipped(rect, element);
      if (box.r - box.l < 2 || box.b - box.t < 2) continue;
      // A line box is taller than its ink: leave out what a typeface keeps free above and below.
      const trim = (box.b - box.t) * 0.18;
      const text = node.data.trim().slice(0, 40);
      const entry = { ...box, t: box.t + trim, b: box.b - trim, text, element, sticky };
      if (!box.scrolls && (box.l < -1 || box.r > innerWidth + 1)) outside.push(entry.text);
      found.push(entry);
    }
  }
  const overlaps = [];
  found.sort((a, b) => a.t - b.t);
  for (const [i, a] of found.entries()) {
    for (let j = i + 1; j < found.length && found[j].t < a.b - 1; j++) {
      const b = found[j];
      if (a.element === b.element || !!a.sticky !== !!b.sticky) continue;
      const across = Math.min(a.r, b.r) - Math.max(a.l, b.l);
      const down = Math.min(a.b, b.b) - Math.max(a.t, b.t);
      if (across > 1.5 && down > 1.5) overlaps.push(`${a.text} | ${b.text}`);
    }
  }
  return {
    overlaps, outside, texts: found.length,
    wide: document.documentElement.scrollWidth - innerWidth,
    card: top === document.body ? 0 : top.scrollWidth - top.clientWidth,
  };
}
"""


PLACES = (
    "#interlayer/ZnO",
    "#interlayer/Li7La3Zr2O12",
    "#alloy/Si",
    "#interlayer/compare?compare=ZnO,LiF,Li3PO4,Li7La3Zr2O12",
    "#interlayer",
    "#host",
)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["real", "hostile", "nobody"])
def test_nothing_overlaps_or_sticks_out(page_at: Open, width: int, name: str) -> None:
    places = PLACES if name == "real" else ("#interlayer",)
    page = page_at(name, width, places[0])
    for place in places:
        page.goto(page.url.partition("#")[0] + place)
        has_card = place.count("/")
        page.wait_for_selector("#card[open]" if has_card else "#card:not([open])", state="attached")
        assert page.inner_text("#notice") == ""  # the page has what was asked for
        if not has_card:
            unfold(page)
        said = page.evaluate(OVERLAPS)
        assert said["texts"] > 100, place
        assert (place, said["overlaps"], said["outside"]) == (place, [], [])
        assert (place, max(said["wide"], 0), max(said["card"], 0)) == (place, 0, 0)


@pytest.mark.parametrize("place", ["", "#interlayer/SnO2"])
def test_paper_is_white_and_holds_all(page_at: Open, place: str) -> None:
    page = page_at("real", 1280, place, color_scheme="dark")
    page.set_viewport_size({"width": 690, "height": 1000})  # what A4 leaves between its margins
    page.emulate_media(media="print")
    page.wait_for_timeout(200)
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    said = page.evaluate(OVERLAPS)
    assert said["texts"] > 100
    assert (said["overlaps"], said["outside"]) == ([], [])
    assert said["wide"] <= 0


def test_the_search_for_overlaps_finds_one(page_at: Open) -> None:
    page = page_at()
    page.evaluate("document.querySelector('.best .why').style.marginTop = '-30px'")
    page.evaluate("document.querySelector('.lead').style.whiteSpace = 'nowrap'")
    page.evaluate("document.querySelector('.lead').style.paddingLeft = '1200px'")
    said = page.evaluate(OVERLAPS)
    assert said["overlaps"]
    assert said["outside"]


AXE = """
async (tags) => {
  // Of what passes axe would else say where each of thousands of elements stands.
  const said = await axe.run(document, { runOnly: tags, resultTypes: ["violations"] });
  return { violations: said.violations, passes: said.passes.length };
}
"""


@pytest.mark.parametrize(
    ("width", "place", "scheme"),
    [
        (390, "#interlayer?rows=25", "light"),
        (1440, "#interlayer?rows=25", "dark"),
        (390, "#interlayer/ZnO", "dark"),
        (1280, "#interlayer/ZnO", "light"),
        (390, "#interlayer/compare?compare=ZnO,LiF,Li3PO4", "light"),
    ],
)
def test_accessible_by_axe(page_at: Open, width: int, place: str, scheme: str) -> None:
    spec = find_spec("axe_playwright_python")
    if spec is None or spec.origin is None:
        pytest.skip("needs axe-playwright-python, of the extra dev")
    page = page_at("real", width, place, color_scheme=scheme, bypass_csp=True)
    if not page.locator("#card[open]").count():
        unfold(page)
    page.evaluate(Path(spec.origin).with_name("axe.min.js").read_text(encoding="utf-8"))
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    said = page.evaluate(AXE, tags)
    found = [
        (v["id"], v["nodes"][0]["html"][:150], v["nodes"][0]["failureSummary"][:300])
        for v in said["violations"]
    ]
    assert found == []
    assert said["passes"] > 20
