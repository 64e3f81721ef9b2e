"""The version of this package, written once and read by the build."""

__version__ = "1.0.0"
