"""The part of the package that is compiled; everything else of the build is in pyproject.toml."""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "screen.thermo.simplex",
            ["screen/thermo/simplex.pyx"],
            # Contracted sums would round otherwise on processors that can contract them; nobody
            # asks for a trap, without which divisions are made several at once.
            extra_compile_args=["-O3", "-ffp-contract=off", "-fno-trapping-math"],
        )
    ]
)
