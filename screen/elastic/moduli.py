"""Bulk and shear modulus from the composition alone: the shipped model and its error bars.

Two ensembles of regression trees on the Magpie features predict log10 of the moduli. They were
trained by scikit-learn (`train_moduli.py`) and are kept as plain arrays, so that a prediction needs
numpy only. How well they do is measured in data/README.md.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache, cached_property
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from screen.columns import Texts
from screen.composition import INDEX, SYMBOLS, BoolArray, Compositions, FloatArray, IntArray
from screen.elastic import magpie
from screen.errors import DataError
from screen.files import write_aside
from screen.tables import checked, elements

Arrays = dict[str, npt.NDArray[Any]]

FORMAT = 1
FILE = "moduli_model.npz"
INTERVAL = 0.8
"""Share of new compounds whose modulus should lie between low and high."""

ROOM_K = 298.15
_CHUNK = 1024

_NONMETALS = [INDEX[s] for s in "H He C N O F Ne P S Cl Ar Se Br Kr I Xe Rn".split()]
_HALOGENS = [INDEX[s] for s in "F Cl Br I".split()]
_CHALCOGENS = [INDEX[s] for s in "S Se Te".split()]
CHEMISTRIES = ("alloy", "halide", "oxide", "chalcogenide", "other")
"""Kinds of compound whose errors are measured apart: the first that fits, halides before oxides."""


@dataclass(frozen=True, eq=False)
class Trees:
    """Regression trees as flat arrays; a tree's nodes lie in depth-first order, its root first.

    From node n a row goes on to n + 1 where its feature is at most the threshold, else to
    n + skip; a leaf has skip 0 and threshold -inf, so that it goes on to itself.

    Attributes:
        root: first node of each tree.
        feature, threshold, skip, value: of each node; the value of inner nodes is 0.
        depth: of the deepest tree.
        baseline: what the sum of one leaf per tree is added to.
    """

    root: IntArray
    feature: IntArray
    threshold: FloatArray
    skip: IntArray
    value: FloatArray
    depth: int
    baseline: float

    @classmethod
    def of(cls, arrays: Arrays, target: str) -> Trees:
        """From the arrays of a file."""
        root, feature, threshold, skip, value, depth, baseline = (
            arrays[f"{target}_{field.name}"] for field in fields(cls)
        )
        root, feature, skip = (whole.astype(np.int64) for whole in (root, feature, skip))
        return cls(root, feature, threshold, skip, value, int(depth), float(baseline))

    def predict(self, features: FloatArray) -> FloatArray:
        """Sum over the trees for each row of features, shape (rows,)."""
        out = np.empty(len(features))
        for first in range(0, len(features), _CHUNK):
            part = features[first : first + _CHUNK]
            begin = np.arange(0, part.size, part.shape[1])[:, None]
            node = np.repeat(self.root[None, :], len(part), axis=0)
            for _ in range(self.depth):
                left = part.take(self.feature.take(node) + begin) <= self.threshold.take(node)
                node = self._follows.take(2 * node + left)
            out[first : first + _CHUNK] = self.baseline + self.value.take(node).sum(axis=1)
        return out

    @cached_property
    def _follows(self) -> IntArray:
        """Of each node the one that follows above the threshold, and that at most there."""
        node = np.arange(len(self.skip))
        return np.stack([node + self.skip, node + 1], axis=1).reshape(-1)


@dataclass(frozen=True, eq=False)
class Prediction:
    """Moduli in GPa, shape (rows, 2) for bulk and shear; NaN with a reason where there are none.

    Attributes:
        low, high: ends of the interval that holds 80 % of new compounds.
        extrapolated: whether a pair of its elements occurs in no compound of the training data.
    """

    value: FloatArray
    low: FloatArray
    high: FloatArray
    extrapolated: BoolArray
    reason: Texts


@dataclass(frozen=True, eq=False)
class Model:
    """The trees of both moduli, and what was measured of them on chemical systems left out.

    Attributes:
        trees: of bulk and shear modulus.
        range_log10: least and largest log10 modulus of the training data, shape (2, 2); no
            prediction lies outside.
        width_log10: half width of the interval by chemistry, shape (5, 2).
        widening: what the half width is multiplied with where a pair of elements is new.
        pairs: which elements occur together in the training data, shape (elements, elements).
        facts: where it comes from: digest of the training table, number of compounds, version of
            scikit-learn.
        known_formula, known_gpa: some compounds as predicted with their chemical system left out.
    """

    trees: tuple[Trees, Trees]
    range_log10: FloatArray
    width_log10: FloatArray
    widening: FloatArray
    pairs: BoolArray
    facts: dict[str, str]
    known_formula: tuple[str, ...]
    known_gpa: FloatArray

    def predict(self, compositions: Compositions) -> Prediction:
        """Moduli of compositions, with error bars."""
        reason, extrapolated = self._refusals(compositions)
        rows = np.flatnonzero(reason == "")
        log = np.full((len(compositions), 2), np.nan)
        for first in range(0, len(rows), 8 * _CHUNK):
            part = rows[first : first + 8 * _CHUNK]
            features = magpie.features(compositions.take(part))
            log[part] = np.stack([trees.predict(features) for trees in self.trees], axis=1)
        log = np.clip(log, *self.range_log10)
        width = self.width_log10[chemistry(compositions)]
        width = np.where(extrapolated[:, None], width * self.widening, width)
        value, low, high = (10.0**x for x in (log, log - width, log + width))
        return Prediction(value, low, high, extrapolated, reason)

    def _refusals(self, compositions: Compositions) -> tuple[Texts, BoolArray]:
        """Why there is no prediction ("": there is one), and which rows hold a new pair."""
        reason = not_solid(compositions)
        there = compositions.fractions() > 0
        unseen = there & ~self.pairs.diagonal()
        for row in np.flatnonzero(unseen.any(axis=1)).tolist():
            symbol = SYMBOLS[int(np.argmax(unseen[row]))]
            reason[row] = reason[row] or f"no compound of {symbol} with known moduli to learn from"
        for row, symbol in enumerate(magpie.lacking(compositions)):
            if symbol:
                reason[row] = f"no figures of the element {symbol} to predict from"
        return reason, new_pair(there, self.pairs)

    def write(self, path: Path) -> None:
        """Write it; the same model gives the same bytes."""
        arrays: dict[str, Any] = {
            "format": np.array(FORMAT),
            "features": np.array(magpie.feature_names()),
            "fact": np.array(list(self.facts)),
            "fact_value": np.array(list(self.facts.values())),
            "known_formula": np.array(self.known_formula),
            "pairs": np.packbits(self.pairs),
        }
        for name in ("range_log10", "width_log10", "widening", "known_gpa"):
            arrays[name] = getattr(self, name)
        for target, trees in zip(("bulk", "shear"), self.trees, strict=True):
            for field in fields(Trees):
                arrays[f"{target}_{field.name}"] = _smallest(np.asarray(getattr(trees, field.name)))
        file = BytesIO()
        np.savez_compressed(file, **arrays)
        write_aside(path, file.getvalue())

    @classmethod
    def read(cls, path: Path) -> Model:
        """Read what `write` wrote.

        Raises:
            DataError: if it is of another format, or made for other features.
        """
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                arrays = dict(archive)
        except (OSError, ValueError, EOFError, BadZipFile) as error:
            raise DataError(f"{path.name}: no readable model ({error})") from error
        found = int(arrays.get("format", 0))
        if found != FORMAT:
            raise DataError(
                f"{path.name} is of format {found}, this program reads {FORMAT}; "
                "reinstall, or make it anew with 'python -m screen build-moduli'"
            )
        if tuple(arrays["features"].tolist()) != magpie.feature_names():
            raise DataError(f"{path.name} was made for other features; reinstall")
        size = len(SYMBOLS)
        return cls(
            (Trees.of(arrays, "bulk"), Trees.of(arrays, "shear")),
            arrays["range_log10"],
            arrays["width_log10"],
            arrays["widening"],
            np.unpackbits(arrays["pairs"], count=size * size).reshape(size, size).astype(bool),
            dict(zip(arrays["fact"].tolist(), arrays["fact_value"].tolist(), strict=True)),
            tuple(arrays["known_formula"].tolist()),
            arrays["known_gpa"],
        )


def _smallest(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Whole numbers as the smallest type that holds them."""
    if values.dtype.kind != "i":
        return values
    return values.astype(np.min_scalar_type(int(values.max())))


@cache
def shipped() -> Model:
    """The model of data/moduli_model.npz.

    Raises:
        DataError: if the shipped file was changed or is of another format.
    """
    return Model.read(checked("moduli_model", ".npz"))


def fluid_element(compositions: Compositions) -> BoolArray:
    """Which compositions are an element that melts below 298.15 K (data/magpie.csv), or that has no
    melting point there, as helium.
    """
    names, table = magpie.figures()
    fluid = ~(table[:, names.index("MeltingT")] >= ROOM_K)
    single = np.flatnonzero(compositions.size == 1)
    found = np.zeros(len(compositions), dtype=bool)
    found[single] = fluid[compositions.element[compositions.start[single]]]
    return found


def not_solid(compositions: Compositions) -> Texts:
    """Why a composition has no modulus as a solid at room temperature; "" where it may have one.

    Elements that melt below 298.15 K (data/magpie.csv) and compounds of nonmetals only, most of
    which are molecules.
    """
    nonmetals = np.isin(np.arange(len(SYMBOLS)), _NONMETALS)
    there = compositions.fractions() > 0
    single = compositions.size == 1
    reason = np.full(len(compositions), "", dtype=object)
    reason[fluid_element(compositions)] = "no solid at room temperature"
    molecular = ~single & ~(there & ~nonmetals).any(axis=1)
    reason[molecular] = "a compound of nonmetals only is often molecular; none is predicted"
    return reason


def chemistry(compositions: Compositions) -> IntArray:
    """Index into CHEMISTRIES of each composition."""
    there = compositions.fractions() > 0
    alloy = ~there[:, ~elements().forms_alloys].any(axis=1)
    halide, chalcogenide = (there[:, s].any(axis=1) for s in (_HALOGENS, _CHALCOGENS))
    oxide = there[:, INDEX["O"]]
    return np.select([alloy, halide, oxide, chalcogenide], [0, 1, 2, 3], 4)


def new_pair(there: BoolArray, pairs: BoolArray) -> BoolArray:
    """Whether a row holds two elements that do not occur together; `there` is (rows, elements)."""
    dense = there.astype(np.float32)
    unknown: BoolArray = ((dense @ (~pairs).astype(np.float32)) * dense).sum(axis=1) > 0
    return unknown


def occurring_together(there: BoolArray) -> BoolArray:
    """Which pairs of elements occur together in some row, shape (elements, elements)."""
    dense = there.astype(np.float32)
    together: BoolArray = (dense.T @ dense) > 0
    return together
