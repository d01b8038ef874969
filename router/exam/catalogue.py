"""All families of the exam, and the item that a key stands for. A file in `families/` with a `FAMILY` is one."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from router.exam import families
from router.exam.graded import ItemKey
from router.exam.item import Family, Item


def _families() -> Mapping[str, Family]:
    modules = [import_module(f"{families.__name__}.{info.name}") for info in iter_modules(families.__path__)]
    return {module.FAMILY.name: module.FAMILY for module in modules if hasattr(module, "FAMILY")}


FAMILIES = _families()
"""Every family by name, in the order of the names."""


def item(key: ItemKey) -> Item:
    """The item that `key` stands for."""
    return FAMILIES[key.family].item(key.level, key.language, key.seed)
