"""Three layers: anode metal | film | solid electrolyte.

The anode metal holds one side of the film at 0 V. A film that lets electrons pass has one
potential throughout, so the electrolyte sees 0 V as well. A film that blocks electrons carries a
drop: its far side may stand at any voltage up to the one at which what it has become in touch with
the metal gives the metal off again. There it takes the voltage that is nearest to the window of
the electrolyte; what is then left to the lower end of that window is the bridge gap. The contact
of film and electrolyte is open to the anode metal at that voltage (`open_interface`): the drive is
the lowest, over all mixing ratios, of what mixing adds and what the electrolyte does on its own.
The film is taken as it is after contact, so that what it did to get there does not count.

Zhu, He, Mo, J. Mater. Chem. A 4, 3253 (2016), https://doi.org/10.1039/C5TA08574H, on the drop of
the potential across an interphase; Richards et al., Chem. Mater. 28, 266 (2016),
https://doi.org/10.1021/acs.chemmater.5b04082, on open interfaces.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from screen.composition import BoolArray, Compositions, FloatArray, IntArray
from screen.thermo.competition import Competition
from screen.thermo.open_interface import Equilibria, OpenReactions, react_open
from screen.thermo.window import Profiles


@dataclass(frozen=True)
class Layers:
    """Films between an anode metal and one electrolyte; arrays have shape (films,).

    Energies are per atom of the mixture that is not the anode metal's.

    Attributes:
        at_v: voltage against the metal at the electrolyte's side of the film, V.
        bridge_gap_v: from there up to the lower end of the electrolyte's window, V; 0 if it is
            reached.
        drive_ev_atom: lowest reaction energy of film and electrolyte at `at_v`, never above zero.
        mixing_ev_atom: the most that mixing adds to it, at any ratio.
        bare_ev_atom: what the electrolyte does in touch with the metal itself.
        reactions: the kinks, in the order of the films.
    """

    at_v: FloatArray
    bridge_gap_v: FloatArray
    drive_ev_atom: FloatArray
    mixing_ev_atom: FloatArray
    bare_ev_atom: float
    reactions: OpenReactions

    @property
    def protection(self) -> FloatArray:
        """Share of what bare metal would do to the electrolyte that the film keeps from it.

        Below zero where the film makes it worse; NaN where bare metal does nothing.
        """
        if self.bare_ev_atom == 0:
            return np.full(len(self.at_v), np.nan)
        return 1 - self.drive_ev_atom / self.bare_ev_atom


@dataclass(frozen=True)
class Electrolyte:
    """A solid electrolyte against the anode metal.

    Attributes:
        composition: a single one.
        profile: its voltage profile.
        energy: its energy before it reacts, eV/atom, shape (1,).
    """

    composition: Compositions
    profile: Profiles
    energy: FloatArray

    @property
    def limit_v(self) -> float:
        """Lower end of its window, V; 0 where it gives the metal off even there."""
        return float(np.nan_to_num(self.profile.reduction_v[0], nan=0.0))

    def alone(self, at_v: FloatArray, anode: int, valence: int) -> Equilibria:
        """What it becomes on its own at each of some voltages, shape (voltages,)."""
        itself = np.zeros(len(at_v), dtype=np.int64)
        state, many = self.profile.at(at_v, itself), self.composition.take(itself)
        energy = np.repeat(self.energy, len(at_v))
        return _states(many, self.profile, state, energy, anode, -valence * at_v)


def holding_v(profiles: Profiles, state: IntArray, blocks: BoolArray) -> FloatArray:
    """Highest voltage that the far side of a film can have while the metal is on the near one, V.

    Infinite for a film that blocks electrons and holds nothing of the metal.

    Args:
        state: what each film is after contact, as an index into the states of the profiles.
        blocks: whether it blocks electrons then.
    """
    return np.where(blocks, profiles.v_high[state], 0.0)


def between(
    table: Competition,
    films: Compositions,
    profiles: Profiles,
    state: IntArray,
    blocks: BoolArray,
    electrolyte: Electrolyte,
    anode: int,
    valence: int,
    *,
    solve: Callable[..., OpenReactions] = react_open,
    only_lowest: bool = True,
) -> Layers:
    """Each film between the anode metal and one electrolyte.

    Args:
        table: the phases that compete; the stable ones alone give the same answer faster.
        films: their compositions.
        profiles, state, blocks: profiles against the metal, which of their states each film is in
            after contact, and whether it blocks electrons then.
        anode: index of the metal in SYMBOLS.
        valence: electrons per atom of it.
        solve: `react_open`, or another engine's.
        only_lowest: keep of the kinks those that decide.
    """
    at_v = np.minimum(holding_v(profiles, state, blocks), electrolyte.limit_v)
    mu = -valence * at_v
    taken = profiles.uptake[state] / films.atoms
    reactions = solve(
        table,
        films,
        electrolyte.composition.take(np.zeros(len(films), dtype=np.int64)),
        anode,
        mu,
        ends_a=_states(films, profiles, state, None, anode, mu),
        ends_b=electrolyte.alone(at_v, anode, valence),
        from_a=profiles.energy[state] - mu * taken,  # at rest in that state, per atom of the film
        from_b=np.repeat(electrolyte.energy, len(films)),
        only_lowest=only_lowest,
    )
    bare = electrolyte.alone(np.zeros(1), anode, valence)
    return Layers(
        at_v=at_v,
        bridge_gap_v=electrolyte.limit_v - at_v,
        drive_ev_atom=reactions.energy[reactions.lowest],
        mixing_ev_atom=reactions.mixing[reactions.lowest_mixing],
        bare_ev_atom=float(bare.reaction_energy[0]),
        reactions=reactions,
    )


def _states(
    compositions: Compositions,
    profiles: Profiles,
    state: IntArray,
    energy: FloatArray | None,
    anode: int,
    mu: FloatArray,
) -> Equilibria:
    """States of profiles, one for each composition, counted by the atoms that are not the anode's.

    Args:
        energy: of each composition before it reacts, eV/atom; None: it is in that state already.
    """
    atoms = compositions.atoms.astype(float)
    held = compositions.amount_of(anode).astype(float)
    others = atoms - held
    scale = np.where(others > 0, others, np.inf)
    uptake = profiles.uptake[state]
    hull = (profiles.energy[state] * atoms - mu * (held + uptake)) / scale
    before = hull if energy is None else (energy * atoms - mu * held) / scale
    products = profiles.products.take(state)
    owner = np.repeat(np.arange(len(state)), np.diff(products.start))
    return Equilibria(
        hull, before, uptake / scale, replace(products, amount=products.amount / scale[owner])
    )
