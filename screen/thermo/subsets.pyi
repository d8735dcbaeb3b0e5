from screen.composition import HashArray, IntArray

MOST_ELEMENTS: int

class Groups:
    def __init__(
        self, hashes: HashArray, start: IntArray, phase: IntArray, deepest: int
    ) -> None: ...
    def within(self, start: IntArray, hashes: HashArray) -> tuple[IntArray, IntArray]: ...
