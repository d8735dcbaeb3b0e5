# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The linear programs of phase equilibria, one after the other, compiled.

Columns are the phases that may form, per atom; rows are the balances of elements, a handful each.
Programs this small are solved in microseconds by the revised simplex with a dense inverse of the
basis. The pure elements are the first basis: always feasible, so there is no first phase. Nothing
here adds numbers in an order that the machine chooses, so answers are the same to the last bit
on every machine.
"""

from libc.math cimport INFINITY, isnan
from libc.stdint cimport int64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memset

import numpy as np

TOLERANCE = 1e-11
"""Energies (eV/atom) below this are rounding: sums of a dozen numbers of order one."""

AMOUNT_TOLERANCE = 1e-9
"""Amounts (atoms per atom), and so pivots, below this are zero: whole-number compositions leave
none so small, and a pivot on rounding spoils every later one."""

cdef double _TOLERANCE = TOLERANCE
cdef double _AMOUNT_TOLERANCE = AMOUNT_TOLERANCE

cdef double _DEARER = 1e-12
"""eV/atom that a column must gain to enter a sweep: more than rounding, which is below 1e-14."""

cdef double _VOLTAGE_TOLERANCE = 1e-9
"""eV; a sweep that has come this low is at its end."""

cdef int _ELEMENTS = 118


def _primes(int count):
    found = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found


cdef double[::1] _SHIFT = 1e-10 * np.sqrt(np.array(_primes(_ELEMENTS), float))
"""A tiny, different excess of each balance, used only to break ties in the ratio test: stable
candidates are single phases, so most bases are degenerate and would otherwise cycle."""


cdef enum Outcome:
    DONE
    STUCK
    NO_MEMORY


class DidNotEndError(Exception):
    """A program that took far more pivots than any of its size does; `args[0]` is its number."""


cdef class _Found:
    """Solutions that grow: for each its numbers, and the phases that it holds with amounts."""

    cdef int numbers
    cdef Py_ssize_t count, room, held, room_held
    cdef double* value
    cdef int64_t* end
    cdef int64_t* phase
    cdef double* amount

    def __cinit__(self, int numbers):
        self.numbers = numbers
        self.count = self.room = self.held = self.room_held = 0
        self.value = NULL
        self.end = NULL
        self.phase = NULL
        self.amount = NULL

    def __dealloc__(self):
        free(self.value)
        free(self.end)
        free(self.phase)
        free(self.amount)

    cdef bint reserve(self, int k) noexcept nogil:
        """Room for one more solution of k phases; False if there is no memory."""
        cdef void* place
        if self.count == self.room:
            self.room = 2 * self.room + 1024
            place = realloc(self.value, self.room * max(self.numbers, 1) * sizeof(double))
            if place == NULL:
                return False
            self.value = <double*> place
            place = realloc(self.end, self.room * sizeof(int64_t))
            if place == NULL:
                return False
            self.end = <int64_t*> place
        if self.held + k > self.room_held:
            self.room_held = 2 * self.room_held + 4096 + k
            place = realloc(self.phase, self.room_held * sizeof(int64_t))
            if place == NULL:
                return False
            self.phase = <int64_t*> place
            place = realloc(self.amount, self.room_held * sizeof(double))
            if place == NULL:
                return False
            self.amount = <double*> place
        return True

    cdef tuple arrays(self):
        """Numbers (numbers, solutions), where each mixture starts, its phases and amounts."""
        values = np.empty((self.count, self.numbers))
        start = np.zeros(self.count + 1, dtype=np.int64)
        phase = np.empty(self.held, dtype=np.int64)
        amount = np.empty(self.held)
        cdef double[:, ::1] of_values = values
        cdef int64_t[::1] of_start = start, of_phase = phase
        cdef double[::1] of_amount = amount
        if self.count:
            if self.numbers:
                memcpy(&of_values[0, 0], self.value, self.count * self.numbers * sizeof(double))
            memcpy(&of_start[1], self.end, self.count * sizeof(int64_t))
        if self.held:
            memcpy(&of_phase[0], self.phase, self.held * sizeof(int64_t))
            memcpy(&of_amount[0], self.amount, self.held * sizeof(double))
        return np.ascontiguousarray(values.T), start, phase, amount


cdef class Programs:
    """Linear programs over one table of phases.

    Args:
        phases: of the table, ragged by phase: start (phases + 1,), element, and its share in the
            phase's atoms; then the atoms per formula unit, shape (phases,).
        energy: of the phases, eV/atom, shape (phases,).
        element_phase: the phase of each pure element, -1 for none, shape (elements,).
        rows: the elements that each program balances, ragged: start, element.
        choice: the phases that may form in each chemical system, ragged: start, phase.
        choice_of: the system of each program.
        own: columns of single programs, such as a candidate that is not in the table: shares of
            shape (columns, programs, elements), energies (eV/atom, NaN for none) and atoms per
            formula unit, both (columns, programs). In mixtures, own column i is phase -1 - i.
        scale: amounts are given for so many atoms of what is balanced, shape (programs,).
        reservoir: an element that is taken up or given off freely, -1 for none.
        mu: its chemical potential, eV/atom, shape (programs,).
        without: for each program a phase that may not form, -1 for none, or None.
    """

    cdef const int64_t[::1] phase_start, phase_element, element_phase
    cdef const double[::1] phase_share, phase_energy, phase_atoms
    cdef const int64_t[::1] row_start, row_element, choice_start, choice_phase, choice_of
    cdef const double[:, :, :] own_share
    cdef const double[:, :] own_energy, own_atoms
    cdef const double[:] scale, mu
    cdef const int64_t[:] without
    cdef bint some_without
    cdef int reservoir, own_columns
    cdef Py_ssize_t count
    # One program at a time: its columns, as a row for each balance,
    cdef int k, n, sides, width
    cdef double[::1] _a, _cost, _content, _reduced, _falls, _ratio
    cdef int64_t[::1] _column_phase
    cdef double* a
    cdef double* cost
    cdef double* content
    cdef double* reduced
    cdef double* falls
    cdef double* ratio
    cdef int64_t* column_phase
    # and its vertex: the inverse of the basis with the right-hand sides behind it.
    cdef double[::1] _inverse, _prices, _other_prices, _column
    cdef int64_t[::1] _basis
    cdef double* inverse
    cdef double* prices
    cdef double* other_prices
    cdef double* column
    cdef int64_t* basis
    cdef int row_of[118]

    def __init__(
        self, phases, energy, element_phase, rows, choice, choice_of, own, scale, int reservoir=-1,
        mu=None, without=None,
    ):
        self.phase_start, self.phase_element, self.phase_share, self.phase_atoms = phases
        self.phase_energy = energy
        self.element_phase = element_phase
        self.row_start, self.row_element = map(np.ascontiguousarray, rows)
        self.choice_start, self.choice_phase = map(np.ascontiguousarray, choice)
        self.choice_of = choice_of
        self.own_share, self.own_energy, self.own_atoms = own
        self.own_columns = self.own_energy.shape[0]
        self.scale = scale
        self.reservoir = reservoir
        self.count = self.row_start.shape[0] - 1
        self.mu = np.zeros(self.count) if mu is None else mu
        self.some_without = without is not None
        self.without = np.zeros(0, np.int64) if without is None else without
        cdef Py_ssize_t most_rows = 1, most_columns = 1, i
        for i in range(self.count):
            most_rows = max(most_rows, self.row_start[i + 1] - self.row_start[i])
            most_columns = max(
                most_columns,
                self.choice_start[self.choice_of[i] + 1] - self.choice_start[self.choice_of[i]],
            )
        most_columns += self.own_columns
        self._a = np.empty(most_rows * most_columns)
        self._cost, self._content, self._reduced = np.empty((3, most_columns))
        self._falls, self._ratio = np.empty((2, most_columns))
        self._column_phase = np.empty(most_columns, np.int64)
        self._inverse = np.empty(most_rows * (most_rows + 3))
        self._prices, self._other_prices, self._column = np.empty((3, most_rows))
        self._basis = np.empty(most_rows, np.int64)
        self.a, self.cost, self.content = &self._a[0], &self._cost[0], &self._content[0]
        self.reduced, self.falls, self.ratio = &self._reduced[0], &self._falls[0], &self._ratio[0]
        self.column_phase, self.basis = &self._column_phase[0], &self._basis[0]
        self.inverse, self.prices = &self._inverse[0], &self._prices[0]
        self.other_prices, self.column = &self._other_prices[0], &self._column[0]
        for i in range(_ELEMENTS):
            self.row_of[i] = -1

    # -- one program -------------------------------------------------------------------------

    cdef void fill(self, Py_ssize_t program) noexcept nogil:
        """The columns of one program, phases of its system first, own ones behind."""
        cdef Py_ssize_t begin = self.row_start[program], system = self.choice_of[program]
        cdef Py_ssize_t at, s
        cdef int64_t phase, missing = self.without[program] if self.some_without else -1
        cdef int i, j, k, n, own, element
        cdef double mu = self.mu[program]
        k = self.k = <int> (self.row_start[program + 1] - begin)
        self.n = 0
        if not k:  # nothing is balanced, so nothing forms
            return
        n = <int> (self.choice_start[system + 1] - self.choice_start[system])
        if missing >= 0:
            for at in range(self.choice_start[system], self.choice_start[system + 1]):
                n -= self.choice_phase[at] == missing
        for own in range(self.own_columns):
            n += not isnan(self.own_energy[own, program])
        self.n = n
        memset(self.a, 0, k * n * sizeof(double))
        for i in range(k):
            self.row_of[self.row_element[begin + i]] = i
        j = 0
        for at in range(self.choice_start[system], self.choice_start[system + 1]):
            phase = self.choice_phase[at]
            if phase == missing and missing >= 0:
                continue
            self.content[j] = 0.0
            self.cost[j] = self.phase_energy[phase]
            for s in range(self.phase_start[phase], self.phase_start[phase + 1]):
                element = <int> self.phase_element[s]
                if element == self.reservoir:
                    self.content[j] = self.phase_share[s]
                elif self.row_of[element] >= 0:
                    self.a[self.row_of[element] * n + j] = self.phase_share[s]
                else:  # of another system
                    self.cost[j] = INFINITY
            self.cost[j] -= mu * self.content[j]
            self.column_phase[j] = phase
            j += 1
        for own in range(self.own_columns):
            if isnan(self.own_energy[own, program]):
                continue
            self.content[j] = 0.0
            if self.reservoir >= 0:
                self.content[j] = self.own_share[own, program, self.reservoir]
            for i in range(k):
                self.a[i * n + j] = self.own_share[own, program, self.row_element[begin + i]]
            self.cost[j] = self.own_energy[own, program] - mu * self.content[j]
            self.column_phase[j] = -1 - own
            j += 1
        for i in range(k):
            self.row_of[self.row_element[begin + i]] = -1

    cdef void pose(
        self, Py_ssize_t program, const double[:, :] amounts, int sides
    ) noexcept nogil:
        """The columns, and the pure elements as the basis. The first right-hand side is what is
        balanced, the second the same with the excess that breaks ties; a third is still to be set.
        """
        cdef int i, k
        self.fill(program)
        k = self.k
        self.sides = sides
        self.width = k + sides
        memset(self.inverse, 0, k * self.width * sizeof(double))
        for i in range(k):
            self.inverse[i * self.width + i] = 1.0
            self.basis[i] = self.element_phase[self.row_element[self.row_start[program] + i]]
            self.prices[i] = 0.0
            self.other_prices[i] = 0.0
        self.side(0, amounts, program, 0.0)
        self.side(1, amounts, program, 1.0)

    cdef void side(
        self, int number, const double[:, :] amounts, Py_ssize_t program, double excess
    ) noexcept nogil:
        """Set a right-hand side, in the basis of the pure elements."""
        cdef Py_ssize_t begin = self.row_start[program]
        cdef int i
        for i in range(self.k):
            self.inverse[i * self.width + self.k + number] = (
                amounts[program, self.row_element[begin + i]] + excess * _SHIFT[i]
            )

    cdef double costs(
        self, const double* prices, const double[:, :] amounts, Py_ssize_t program
    ) noexcept nogil:
        """What these amounts cost at these prices, which have a minus."""
        cdef Py_ssize_t begin = self.row_start[program]
        cdef double total = 0.0
        cdef int i
        for i in range(self.k):
            total -= prices[i] * amounts[program, self.row_element[begin + i]]
        return total

    cdef void price(self, const double* prices, const double* cost, double* out) noexcept nogil:
        """The reduced cost of every column."""
        memcpy(out, cost, self.n * sizeof(double))
        self.add_rows(prices, out)

    cdef void express(self, int row) noexcept nogil:
        """How much of a basic phase each column takes the place of, in `falls`."""
        memset(self.falls, 0, self.n * sizeof(double))
        self.add_rows(self.inverse + row * self.width, self.falls)

    cdef void add_rows(self, const double* times, double* out) noexcept nogil:
        """Add each balance so many times; most not at all, the others two at once."""
        cdef int i, j, n = self.n
        cdef double factor, other = 0.0
        cdef const double* row
        cdef const double* other_row = NULL
        for i in range(self.k):
            factor = times[i]
            if factor == 0.0:
                continue
            row = self.a + i * n
            if other_row == NULL:
                other = factor
                other_row = row
                continue
            for j in range(n):
                out[j] = out[j] + other * other_row[j] + factor * row[j]
            other_row = NULL
        if other_row != NULL:
            for j in range(n):
                out[j] += other * other_row[j]

    cdef void reprice(self, int entering, double step) noexcept nogil:
        """Take a step along `falls`, at the end of which a column costs nothing more."""
        cdef int j
        cdef double* reduced = self.reduced
        cdef const double* falls = self.falls
        for j in range(self.n):
            reduced[j] -= step * falls[j]
        reduced[entering] = 0.0

    cdef int first_of_least(self, const double* values) noexcept nogil:
        """The column of the least value, -1 if all are infinite; of equal ones the first phase,
        so that the order of columns changes nothing.
        """
        cdef int j, first = -1
        cdef double least = INFINITY
        for j in range(self.n):
            if values[j] <= least:
                if values[j] < least or (
                    first >= 0 and self.column_phase[j] < self.column_phase[first]
                ):
                    least = values[j]
                    first = j
        return first

    cdef int leaving(self, int entering) noexcept nogil:
        """The row that reaches zero first as a column enters, -1 for none; keeps that column, in
        terms of the basis.
        """
        cdef int i, k = self.k, first = -1
        cdef double held, ratio, least = INFINITY
        self.express_column(entering)
        for i in range(k):
            held = self.column[i]
            if held > _AMOUNT_TOLERANCE:
                ratio = self.inverse[i * self.width + k + 1] / held
                if ratio < least:
                    least = ratio
                    first = i
        return first

    cdef void express_column(self, int entering) noexcept nogil:
        """A column in terms of the basis, in `column`."""
        cdef int i, m, k = self.k, width = self.width
        cdef double amount
        memset(self.column, 0, k * sizeof(double))
        for m in range(k):
            amount = self.a[m * self.n + entering]
            if amount != 0.0:
                for i in range(k):
                    self.column[i] += amount * self.inverse[i * width + m]

    cdef void pivot(
        self, int leaving, int entering, double reduced, double other_reduced
    ) noexcept nogil:
        """Exchange a basic phase; the column that enters stands in `column`."""
        cdef int i, m, k = self.k, width = self.width
        cdef double* row = self.inverse + leaving * width
        cdef double* other
        cdef double held = self.column[leaving]
        for m in range(width):
            row[m] /= held
        for i in range(k):
            held = self.column[i]
            if i != leaving and held != 0.0:
                other = self.inverse + i * width
                for m in range(width):
                    other[m] -= held * row[m]
        for m in range(k):
            self.prices[m] -= reduced * row[m]
            self.other_prices[m] -= other_reduced * row[m]
        self.basis[leaving] = self.column_phase[entering]

    cdef Outcome minimise(self) noexcept nogil:
        """Walk to the mixture of least cost."""
        cdef int entering, leaving, _
        cdef double least
        cdef bint fresh = True
        self.price(self.prices, self.cost, self.reduced)
        for _ in range(self.most_pivots()):
            entering = self.first_of_least(self.reduced)
            if entering < 0 or self.reduced[entering] >= -_TOLERANCE:
                if fresh:
                    return DONE
                # What was carried along has rounded; the last look is at the prices themselves.
                self.price(self.prices, self.cost, self.reduced)
                fresh = True
                continue
            fresh = False
            least = self.reduced[entering]
            leaving = self.leaving(entering)
            if leaving < 0:
                return STUCK
            self.express(leaving)
            self.reprice(entering, least / self.column[leaving])
            self.pivot(leaving, entering, least, 0.0)
        return STUCK

    cdef int most_pivots(self) noexcept nogil:
        """Far more pivots than any program of this size takes."""
        return 200 + 20 * (self.k + self.n)

    cdef Outcome keep(self, _Found found, Py_ssize_t program, double x) noexcept nogil:
        """Keep the mixture, of right-hand side 0 and x times that of 2.

        Phases ascend; amounts are formula units.
        """
        cdef int i, k = self.k, width = self.width
        cdef Py_ssize_t at, first = found.held
        cdef int64_t phase
        cdef double amount
        if not found.reserve(k):
            return NO_MEMORY
        for i in range(k):
            amount = self.inverse[i * width + k]
            if self.sides > 2:
                amount += x * self.inverse[i * width + k + 2]
            if amount <= _AMOUNT_TOLERANCE:
                continue
            phase = self.basis[i]
            amount *= self.scale[program]
            amount /= self.phase_atoms[phase] if phase >= 0 else self.own_atoms[-1 - phase, program]
            at = found.held
            while at > first and found.phase[at - 1] > phase:
                found.phase[at] = found.phase[at - 1]
                found.amount[at] = found.amount[at - 1]
                at -= 1
            found.phase[at] = phase
            found.amount[at] = amount
            found.held += 1
        found.end[found.count] = found.held
        found.count += 1
        return DONE

    # -- all programs ------------------------------------------------------------------------

    def cheapest(self, const double[:, :] amounts):
        """The mixture of least cost of what each program balances.

        Args:
            amounts: shape (programs, elements).

        Returns:
            Its cost, shape (programs,), and the mixtures: start, phase, amount.

        Raises:
            DidNotEndError: args: the program.
        """
        cost = np.zeros(self.count)
        cdef double[::1] least = cost
        cdef _Found found = _Found(0)
        cdef Py_ssize_t program = 0
        cdef Outcome outcome = DONE
        with nogil:
            for program in range(self.count):
                self.pose(program, amounts, 2)
                outcome = self.minimise()
                if outcome == DONE:
                    least[program] = self.costs(self.prices, amounts, program)
                    outcome = self.keep(found, program, 0.0)
                if outcome != DONE:
                    break
        _check(outcome, program)
        return cost, found.arrays()[1:]

    def sweep(self, const double[:, :] amounts):
        """Lower the chemical potential of the reservoir from zero to minus infinity, from above:
        every state of each program, that of the highest voltage first.

        Args:
            amounts: shape (programs, elements).

        Returns:
            The first state of each program, shape (programs + 1,); for each state, shape
            (3, states), the lower end of its range (-mu, eV), what it holds of the reservoir's
            element (atoms) and its energy (eV); and the mixtures: start, phase, amount.

        Raises:
            DidNotEndError: args: the program.
        """
        first = np.zeros(self.count + 1, dtype=np.int64)
        cdef int64_t[::1] of_first = first
        cdef _Found found = _Found(3)
        cdef Py_ssize_t program = 0
        cdef Outcome outcome = DONE
        with nogil:
            for program in range(self.count):
                self.pose(program, amounts, 2)
                outcome = self.sweep_one(found, amounts, program)
                if outcome != DONE:
                    break
                of_first[program + 1] = found.count
        _check(outcome, program)
        values, *mixtures = found.arrays()
        return first, values, tuple(mixtures)

    cdef Outcome sweep_one(
        self, _Found found, const double[:, :] amounts, Py_ssize_t program
    ) noexcept nogil:
        cdef int j, entering, leaving, _
        cdef double held, gain = 0.0, taken = 0.0, voltage = 0.0
        if not self.k:
            return self.keep_reservoir(found, program)
        for j in range(self.n):
            # What is dearer by less than any energy differs needs no second look for rounding.
            self.cost[j] += _DEARER
        for _ in range(self.most_pivots()):
            # Energy + V x content turns negative first, as V falls, where the ratio is least.
            self.price(self.prices, self.cost, self.reduced)
            self.price(self.other_prices, self.content, self.falls)  # of the reservoir's atoms
            for j in range(self.n):
                taken = self.falls[j]
                self.ratio[j] = self.reduced[j] / (taken if taken > _TOLERANCE else _TOLERANCE)
            entering = self.first_of_least(self.ratio)
            if entering >= 0:
                gain, taken = _DEARER - self.reduced[entering], self.falls[entering]
                # What costs no atom of the reservoir forms at any voltage.
                voltage = INFINITY if taken < _TOLERANCE else gain / taken
            if entering < 0 or gain <= _DEARER or voltage <= _VOLTAGE_TOLERANCE:
                return self.keep_state(found, amounts, program, 0.0)
            leaving = self.leaving(entering)
            if leaving < 0:
                return STUCK
            held = self.inverse[leaving * self.width + self.k]
            if held > _AMOUNT_TOLERANCE * self.column[leaving]:
                if self.keep_state(found, amounts, program, voltage) != DONE:
                    return NO_MEMORY
            self.pivot(leaving, entering, -gain, taken)
        return STUCK

    cdef Outcome keep_reservoir(self, _Found found, Py_ssize_t program) noexcept nogil:
        """The state of the reservoir's element: itself, nothing exchanged."""
        cdef int64_t phase = self.element_phase[self.reservoir]
        if not found.reserve(1):
            return NO_MEMORY
        found.phase[found.held] = phase
        found.amount[found.held] = self.scale[program] / self.phase_atoms[phase]
        found.held += 1
        found.end[found.count] = found.held
        found.value[3 * found.count] = 0.0
        found.value[3 * found.count + 1] = 1.0
        found.value[3 * found.count + 2] = 0.0
        found.count += 1
        return DONE

    cdef Outcome keep_state(
        self, _Found found, const double[:, :] amounts, Py_ssize_t program, double voltage
    ) noexcept nogil:
        cdef double* value
        if self.keep(found, program, 0.0) != DONE:
            return NO_MEMORY
        value = found.value + 3 * (found.count - 1)
        value[0] = voltage
        value[1] = self.costs(self.other_prices, amounts, program)
        value[2] = self.costs(self.prices, amounts, program)
        return DONE

    def follow(self, const double[:, :] amounts_a, const double[:, :] amounts_b, rise=None):
        """The hull energy of each mixture x a + (1 - x) b at x = 0, every kink and x = 1.

        The program starts at b and follows the best vertex as x grows: one dual pivot at a kink.

        Args:
            amounts_a, amounts_b: what is balanced at x = 1 and x = 0, shape (programs, elements).
            rise: slopes in x of the lines that the energy is counted from, shape (programs,
                lines). With them only the lowest point over each line is kept, where the energy
                begins to rise, and the sweep ends when it has passed them all.

        Returns:
            The first kink of each program, shape (programs + 1,); of each kink x and the hull
            energy, shape (2, kinks); and the mixtures: start, phase, amount.

        Raises:
            DidNotEndError: args: the program.
        """
        first = np.zeros(self.count + 1, dtype=np.int64)
        cdef int64_t[::1] of_first = first
        cdef const double[:, :] lines = np.zeros((self.count, 0)) if rise is None else rise
        cdef const double[:, :] toward = np.subtract(amounts_a, amounts_b)
        cdef _Found found = _Found(2)
        cdef Py_ssize_t program = 0
        cdef Outcome outcome = DONE
        cdef bint every = rise is None
        with nogil:
            for program in range(self.count):
                self.pose(program, amounts_b, 3)
                self.side(2, toward, program, 0.0)
                outcome = self.follow_one(found, amounts_b, toward, lines, every, program)
                if outcome != DONE:
                    break
                of_first[program + 1] = found.count
        _check(outcome, program)
        values, *mixtures = found.arrays()
        return first, values, tuple(mixtures)

    cdef Outcome follow_one(
        self,
        _Found found,
        const double[:, :] amounts_b,
        const double[:, :] toward,
        const double[:, :] lines,
        bint every,
        Py_ssize_t program,
    ) noexcept nogil:
        cdef int i, leaving, entering, lowest, passed = 0, _
        cdef int number = <int> lines.shape[1]
        cdef double x = 0.0, kink, slope, reduced
        if not self.k:
            return self.keep_kink(found, amounts_b, toward, program, x)
        if self.minimise() != DONE:
            return STUCK
        if every and self.keep_kink(found, amounts_b, toward, program, x) != DONE:
            return NO_MEMORY
        for _ in range(self.most_pivots()):
            leaving = self.next_kink(x, &kink)
            if not every:
                slope = self.costs(self.prices, toward, program)
                lowest = 0
                for i in range(number):
                    lowest += slope - lines[program, i] > -_TOLERANCE
                if lowest == number:
                    break
                if lowest > passed:
                    if self.keep_kink(found, amounts_b, toward, program, x) != DONE:
                        return NO_MEMORY
                passed = lowest
            if leaving < 0:
                x = 1.0
                break
            if every and kink > x + _AMOUNT_TOLERANCE:
                if self.keep_kink(found, amounts_b, toward, program, kink) != DONE:
                    return NO_MEMORY
            x = kink
            # Dual pivot: what replaces the phase that ran out at the least rise in energy.
            self.express(leaving)
            entering = self.replacement()
            if entering < 0:
                return STUCK
            reduced = self.reduced[entering] if self.reduced[entering] > 0.0 else 0.0
            self.express_column(entering)
            self.reprice(entering, reduced / self.column[leaving])
            self.pivot(leaving, entering, reduced, 0.0)
        else:
            return STUCK
        return self.keep_kink(found, amounts_b, toward, program, x)

    cdef int replacement(self) noexcept nogil:
        """The column whose cost rises least as it takes the place of what ran out, -1 for none."""
        cdef int j
        cdef double held
        cdef double* ratio = self.ratio
        cdef const double* reduced = self.reduced
        cdef const double* falls = self.falls
        for j in range(self.n):
            held = reduced[j] if reduced[j] > 0.0 else 0.0
            ratio[j] = held / -falls[j] if falls[j] < -_AMOUNT_TOLERANCE else INFINITY
        return self.first_of_least(ratio)

    cdef int next_kink(self, double x, double* kink) noexcept nogil:
        """The row that runs out first as x grows, and x there; -1 if x = 1 comes before."""
        cdef int i, k = self.k, first = -1
        cdef double shrinks, runs_out, least = 1.0
        cdef const double* row
        for i in range(k):
            row = self.inverse + i * self.width + k
            shrinks = -row[2]
            if shrinks > _AMOUNT_TOLERANCE:
                runs_out = row[1] / shrinks
                if runs_out < least:
                    least = runs_out
                    first = i
        if first < 0:
            return -1
        row = self.inverse + first * self.width + k
        kink[0] = row[0] / -row[2]
        if kink[0] < x:
            kink[0] = x
        return first if kink[0] < 1.0 - _AMOUNT_TOLERANCE else -1

    cdef Outcome keep_kink(
        self,
        _Found found,
        const double[:, :] amounts_b,
        const double[:, :] toward,
        Py_ssize_t program,
        double x,
    ) noexcept nogil:
        cdef double* value
        if self.keep(found, program, x) != DONE:
            return NO_MEMORY
        value = found.value + 2 * (found.count - 1)
        value[0] = x
        value[1] = self.costs(self.prices, amounts_b, program)
        value[1] += x * self.costs(self.prices, toward, program)
        return DONE


cdef _check(Outcome outcome, Py_ssize_t program):
    if outcome == NO_MEMORY:
        raise MemoryError
    if outcome == STUCK:
        raise DidNotEndError(program)
