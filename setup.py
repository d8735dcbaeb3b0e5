"""The part of the package that is compiled; everything else of the build is in pyproject.toml."""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "screen.thermo.simplex",
            ["screen/thermo/simplex.pyx"],
            # Contracted sums would round otherwise on processors that can contract them.
            extra_compile_args=["-O3", "-ffp-contract=off"],
        )
    ]
)
