"""Builds the wheel: the package and, where it is beside it, the C library."""
from pathlib import Path

from setuptools import setup

HERE = Path(__file__).resolve().parent
VERSION = next(line.split('"')[1] for line in (HERE / "assay/_version.py").read_text().splitlines()
               if line.startswith("VERSION"))

setup(name="assay", version=VERSION, packages=["assay"], python_requires=">=3.9",
      description="What a Linux seccomp filter really does, for all inputs",
      package_data={"assay": ["py.typed", "libassay.so.0"]})
