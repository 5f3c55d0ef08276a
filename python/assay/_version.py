"""The version of the package, that of the C library it was written for."""
VERSION = "0.1.0"
