"""Builds the wheel: the package and, where it is beside it, the C library."""
from pathlib import Path

from setuptools import Distribution, setup

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:  # setuptools before 70
    from wheel.bdist_wheel import bdist_wheel

HERE = Path(__file__).resolve().parent
VERSION = next(line.split('"')[1] for line in (HERE / "assay/_version.py").read_text().splitlines()
               if line.startswith("VERSION"))
LIBRARY = HERE / "assay/libassay.so.0"


class OfThisMachine(Distribution):
    """With the library inside, the wheel is for machines like this one."""

    def has_ext_modules(self):
        return LIBRARY.exists()


class AnyPython(bdist_wheel):
    """ctypes asks for no version of Python: the platform alone is in the name."""

    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


setup(name="assay", version=VERSION, packages=["assay"], python_requires=">=3.9",
      description="What a Linux seccomp filter really does, for all inputs",
      package_data={"assay": ["py.typed", "libassay.so.0"]},
      distclass=OfThisMachine, cmdclass={"bdist_wheel": AnyPython})
