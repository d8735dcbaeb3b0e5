"""The part of the package that is compiled; everything else of the build is in pyproject.toml."""

from setuptools import Extension, setup

FLAGS = [
    "-O3",
    "-ffp-contract=off",  # contracted sums round otherwise, on processors that can contract them
    "-fno-trapping-math",  # nobody asks for a trap; without, divisions are made several at once
]

setup(
    ext_modules=[
        Extension(f"screen.thermo.{name}", [f"screen/thermo/{name}.pyx"], extra_compile_args=FLAGS)
        for name in ("simplex", "subsets")
    ]
)
