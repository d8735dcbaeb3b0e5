from screen.composition import FloatArray, IntArray

TOLERANCE: float
AMOUNT_TOLERANCE: float

Mixed = tuple[IntArray, IntArray, FloatArray]

class DidNotEndError(Exception): ...

class Programs:
    def __init__(
        self,
        phases: tuple[IntArray, IntArray, FloatArray, FloatArray],
        energy: FloatArray,
        element_phase: IntArray,
        rows: tuple[IntArray, IntArray],
        choice: tuple[IntArray, IntArray],
        choice_of: IntArray,
        own: tuple[FloatArray, FloatArray, FloatArray],
        scale: FloatArray,
        reservoir: int = -1,
        mu: FloatArray | None = None,
        without: IntArray | None = None,
    ) -> None: ...
    def cheapest(self, amounts: FloatArray) -> tuple[FloatArray, Mixed]: ...
    def sweep(self, amounts: FloatArray) -> tuple[IntArray, FloatArray, Mixed]: ...
    def follow(
        self, amounts_a: FloatArray, amounts_b: FloatArray, rise: FloatArray | None = None
    ) -> tuple[IntArray, FloatArray, Mixed]: ...
