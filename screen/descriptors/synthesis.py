"""How it would be made: precursors of its elements, and the usual route of its class."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from screen.columns import Column, Texts, Values
from screen.composition import INDEX, SYMBOLS, BoolArray, parse_formula
from screen.descriptors.case import Case
from screen.tables import elements, rows_of

_NO_FORMULA = "rules of the family synthesis; no recipe, and no promise that it can be made so"

_USES = {"powder": "powder", "target": "target", "vapour": "ALD", "coreactant": "coreactant"}
_MOST = 3
"""Precursors of one element that are named for one use."""

_OXYGEN = INDEX["O"]
_LEAVING = frozenset(INDEX[s] for s in ("H", "C", "N", "O"))
"""Elements that leave as gas when salts are fired to an oxide."""


COLUMNS: tuple[Column, ...] = (
    Column(
        "precursors",
        "precursors",
        "Common precursors of each element: powders that bring no foreign element (to oxides, "
        "also salts that burn off), sputter targets or evaporation sources, ALD or CVD "
        "precursors, coreactants.",
        f"precursors.csv; {_NO_FORMULA}",
        "text",
    ),
    Column(
        "route",
        "route",
        "Usual ways to deposit or make the class of compound that it belongs to.",
        f"routes.csv; {_NO_FORMULA}",
        "text",
    ),
)


def compute(case: Case) -> Values:
    """Texts per set of elements and per class."""
    values = Values(len(case))
    values.add("precursors", case.texts_by_elements(_precursors))
    routes = {row["class"]: row["route"] for row in rows_of("routes")} | {"": ""}
    route = np.array([routes[name] for name in material_class(case)], dtype=object)
    values.add("route", route, "no rule for this composition")
    return values


@dataclass(frozen=True)
class Precursor:
    """A precursor of an element.

    Attributes:
        use: as in precursors.csv.
        elements: what it is made of, indices into SYMBOLS.
        partner: elements that the compound must hold for it to serve.
    """

    use: str
    formula: str
    elements: frozenset[int]
    partner: frozenset[int]

    def serves(self, found: frozenset[int], *, metallic: bool) -> bool:
        """Whether it is of use for a compound of these elements, and perhaps others.

        Args:
            metallic: whether the compound has only elements that form alloys.
        """
        if not self.partner <= found:
            return False
        if self.use == "vapour":  # metals are sputtered and evaporated
            return not metallic
        burns_off = self.use == "powder" and _OXYGEN in self.elements & found
        foreign = self.elements - found
        return self.use == "coreactant" or foreign <= (_LEAVING if burns_off else frozenset())


@cache
def _alloying() -> frozenset[int]:
    """Elements that form alloys."""
    return frozenset(np.flatnonzero(elements().forms_alloys).tolist())


@cache
def _known() -> dict[int, list[Precursor]]:
    """Precursors by element, compounds before the bare element."""
    found: dict[int, list[Precursor]] = {}
    for row in rows_of("precursors"):
        made_of = frozenset(INDEX[symbol] for symbol in parse_formula(row["precursor"]))
        partner = frozenset([INDEX[row["with"]]] if row["with"] else [])
        precursor = Precursor(row["use"], row["precursor"], made_of, partner)
        found.setdefault(INDEX[row["element"]], []).append(precursor)
    for listed in found.values():
        listed.sort(key=lambda precursor: len(precursor.elements) == 1)
    return found


def _precursors(found: tuple[int, ...]) -> str:
    """Precursors of a set of elements: "Zn: ZnO or Zn (powder), Zn (target); O: O2 ..."."""
    own = frozenset(found)
    metallic = own <= _alloying()
    return "; ".join(_of_element(e, own & _told_apart(e), metallic=metallic) for e in found)


@cache
def _told_apart(element: int) -> frozenset[int]:
    """Elements of a compound that decide which precursors of one of them serve."""
    known = _known().get(element, [])
    return frozenset([_OXYGEN]).union(*(one.elements | one.partner for one in known))


@cache
def _of_element(element: int, beside: frozenset[int], *, metallic: bool) -> str:
    """Precursors of one element: "Zn: ZnO or Zn (powder), Zn (target)".

    Args:
        beside: those elements of the compound that are `_told_apart`.
    """
    uses: dict[str, list[str]] = {use: [] for use in _USES}
    for precursor in _known().get(element, []):
        if precursor.serves(beside, metallic=metallic):
            uses[precursor.use].append(precursor.formula)
    texts = [f"{_either(names)} ({_USES[use]})" for use, names in uses.items() if names]
    return f"{SYMBOLS[element]}: {', '.join(texts) or 'none listed'}"


def _either(names: list[str]) -> str:
    return " or ".join(names[:_MOST])


def material_class(case: Case) -> Texts:
    """Class of each candidate as in routes.csv, by its elements; "" where no rule fits.

    The anion that decides how a compound is made comes first: oxygen, then hydrogen, chalcogens,
    nitrogen, halogens.
    """
    rows = case.compositions
    one = rows.size == 1

    def has(symbols: str) -> BoolArray:
        return case.compositions.holds([INDEX[s] for s in symbols.split()])

    def only(symbols: str) -> BoolArray:
        others = [i for i, s in enumerate(SYMBOLS) if s not in symbols.split()]
        return ~case.compositions.holds(others)

    oxygen, nitrogen = has("O"), has("N")
    halogen = has("F Cl Br I")
    carbon_share = rows.amount_of(INDEX["C"]) / rows.atoms
    nitrate = nitrogen & (rows.amount_of(INDEX["O"]) >= 3 * rows.amount_of(INDEX["N"]))
    anode = case.compositions.holds([case.anode.element])
    rules = [
        ("anode_metal", one & anode),
        ("carbon", only("C")),
        ("metalloid", one & has("B Si Ge As Sb Te")),
        ("non_metal", one & has("P S Se I")),
        ("metal", one & case.alloys),
        ("", one),
        ("alloy_with_anode", case.alloys & anode),
        ("intermetallic", case.alloys),
        ("fluorocarbon", only("C F")),
        ("intercalated_carbon", only("C Li Na K Rb Cs") & (carbon_share > 0.5)),
        ("hydroxide", oxygen & has("H")),
        ("oxysalt", oxygen & (nitrate | has("S") | (has("C") & ~halogen))),
        ("oxynitride", oxygen & nitrogen),
        ("oxysalt", oxygen & has("P")),
        ("oxyhalide", oxygen & halogen),
        ("oxide", oxygen),
        ("hydride", has("H")),
        ("sulfide", has("S")),
        ("selenide", has("Se Te")),
        ("nitride", nitrogen),
        ("halide", has("Cl Br I")),
        ("fluoride", has("F")),
        ("phosphide", has("P As")),
        ("carbide", has("C")),
        ("boride", has("B")),
    ]
    named = np.select([mask for _, mask in rules], range(len(rules)), default=len(rules))
    classes: Texts = np.array([*(name for name, _ in rules), ""], dtype=object)[named]
    return classes
