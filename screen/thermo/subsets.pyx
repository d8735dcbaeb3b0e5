# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The phases within chemical systems: every subset of a system's elements is looked up, compiled."""

from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy

import numpy as np

MOST_ELEMENTS = 14
"""Of more elements there are too many subsets to look up."""


cdef class Groups:
    """Phases by the set of their elements, which a hash stands for: the sum of its elements'.

    Args:
        hashes: one for each set, all different, shape (groups,).
        start, phase: the phases of each, ragged.
        deepest: most elements of a set.
    """

    cdef const uint64_t[::1] hashes
    cdef const int64_t[::1] start, phase
    cdef int64_t[::1] slot
    cdef uint64_t mask
    cdef int deepest

    def __init__(self, hashes, start, phase, int deepest):
        self.hashes = hashes
        self.start = start
        self.phase = phase
        self.deepest = deepest
        cdef Py_ssize_t size = 4, group
        cdef uint64_t at
        while size < 2 * self.hashes.shape[0]:
            size *= 2
        self.mask = size - 1
        self.slot = np.full(size, -1, dtype=np.int64)
        for group in range(self.hashes.shape[0]):
            at = self.hashes[group] & self.mask
            while self.slot[at] >= 0:
                at = (at + 1) & self.mask
            self.slot[at] = group

    cdef int64_t find(self, uint64_t hash) noexcept nogil:
        """The group of a hash, -1 for none."""
        cdef uint64_t at = hash & self.mask
        cdef int64_t group = self.slot[at]
        while group >= 0 and self.hashes[group] != hash:
            at = (at + 1) & self.mask
            group = self.slot[at]
        return group

    def within(self, const int64_t[::1] start, const uint64_t[::1] hashes):
        """The phases that hold no elements but those of each system, in no particular order.

        Args:
            start, hashes: of the elements of each system, ragged, MOST_ELEMENTS at most.

        Returns:
            Start, and phases, ragged by system.
        """
        cdef Py_ssize_t systems = start.shape[0] - 1, system, held = 0, room = 0, number
        first = np.zeros(systems + 1, dtype=np.int64)
        cdef int64_t[::1] of_first = first
        cdef uint64_t[1 << 14] sums
        cdef int[1 << 14] sizes
        cdef uint64_t one
        cdef int64_t group
        cdef int64_t* found = NULL
        cdef int64_t* place
        cdef int subset, other, low, elements
        cdef bint memory = True
        with nogil:
            sums[0] = 0
            sizes[0] = 0
            for system in range(systems):
                elements = <int> (start[system + 1] - start[system])
                for subset in range(1 << elements):
                    if subset:
                        low = 0
                        while not (subset >> low) & 1:
                            low += 1
                        other = subset & (subset - 1)
                        sizes[subset] = sizes[other] + 1
                        if sizes[subset] > self.deepest:
                            continue
                        one = hashes[start[system] + low]
                        sums[subset] = sums[other] + one
                    group = self.find(sums[subset])
                    if group < 0:
                        continue
                    number = self.start[group + 1] - self.start[group]
                    if held + number > room:
                        room = 2 * (held + number) + 4096
                        place = <int64_t*> realloc(found, room * sizeof(int64_t))
                        if place == NULL:
                            memory = False
                            break
                        found = place
                    memcpy(found + held, &self.phase[self.start[group]], number * sizeof(int64_t))
                    held += number
                if not memory:
                    break
                of_first[system + 1] = held
        if not memory:
            free(found)
            raise MemoryError
        phases = np.empty(held, dtype=np.int64)
        cdef int64_t[::1] of_phases = phases
        if held:
            memcpy(&of_phases[0], found, held * sizeof(int64_t))
        free(found)
        return first, phases
