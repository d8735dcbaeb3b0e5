"""Figures of a composition by matminer's featurizers, for comparison beside those of Magpie.

Stoichiometric and electronic attributes of Ward et al., npj Comput. Mater. 2, 16028 (2016); with
the statistics of the elements (`elastic.magpie`) they are that set without its ionic attributes,
which guess oxidation states and take a hundred times as long.
"""

from __future__ import annotations

import warnings

import numpy as np

from screen.composition import Compositions, FloatArray, format_formula

BATCH = 4096
"""Compositions that are made and described at a time."""


def features(compositions: Compositions) -> FloatArray:
    """Six norms of the fractions, and mean number and share of s, p, d and f valence electrons.

    Shape (compositions, 14), in one process; NaN where matminer has no figure.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it imports
        from matminer.featurizers.base import MultipleFeaturizer  # noqa: PLC0415 (takes seconds)
        from matminer.featurizers.composition import (  # noqa: PLC0415
            Stoichiometry,
            ValenceOrbital,
        )
        from pymatgen.core import Composition  # noqa: PLC0415
    featurizer = MultipleFeaturizer([Stoichiometry(), ValenceOrbital()])
    featurizer.set_n_jobs(1)
    found = np.empty((len(compositions), len(featurizer.feature_labels())))
    for begin in range(0, len(compositions), BATCH):
        rows = np.arange(begin, min(begin + BATCH, len(compositions)))
        some = [Composition(format_formula(counts)) for counts in compositions.take(rows)]
        found[rows] = featurizer.featurize_many(some, ignore_errors=True, pbar=False)
    return found
