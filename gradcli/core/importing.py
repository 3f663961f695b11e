"""Packages whose modules state entries of tables: each is imported when one of its entries is asked for, or all are."""

from __future__ import annotations

from importlib import import_module


def import_modules(package: str) -> None:
    """Import every module of a package."""
    from pkgutil import iter_modules

    for module in iter_modules(import_module(package).__path__):
        import_module(f"{package}.{module.name}")
