"""The module objects that `import fastapi.…` hands out.

A `MirrorModule` owns almost nothing: reading a name looks through to the module of ours where that
name lives, and assigning one writes it there. So a package that patches
`fastapi.routing.run_endpoint_function` changes the very global that the engine reads, no copy of
anything can grow stale, and modules of ours keep free of FastAPI's private names.
Invariant: a write reaches a module of ours only where the name already exists in it; modules of
other projects (Starlette, pydantic) are never written to.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from pronghorn.dropin.names import MIRRORS, children

_MISSING = object()
_OURS = "pronghorn"


class MirrorModule(ModuleType):
    """One module of the `fastapi` package, showing modules of ours."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in {"__version__", "__all__"}:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        place = _find(self.__name__, name)
        if place is not None:
            return getattr(*place)
        if name in children(self.__name__):
            return import_module(f"{self.__name__}.{name}")
        if name == "__all__":
            return [public for public in dir(self) if not public.startswith("_")]
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        place = None if isinstance(value, ModuleType) or name.startswith("__") else _find(self.__name__, name)
        if place is not None and _is_ours(place[0]):
            setattr(*place, value)
        else:
            super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        place = None if name in own_namespace(self) else _find(self.__name__, name)
        if place is not None and _is_ours(place[0]):
            delattr(*place)
        else:
            super().__delattr__(name)

    def __dir__(self) -> list[str]:
        return sorted(self.__dict__.keys() | children(self.__name__))

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]  # a view, see below
        """A fresh dictionary of every name that shows here.

        `typing.get_type_hints` evaluates a class's annotations in the namespace of the module that
        its `__module__` names, which for a renamed class is this one: so the namespace of the
        module that really defines it is included.
        """
        names: dict[str, Any] = {}
        for origin in sorted(ORIGINS.get(self.__name__, ())):
            names.update(vars(sys.modules[origin]))
        mirror = MIRRORS[self.__name__]
        for backing in reversed(mirror.backing):
            names.update(_public_view(import_module(backing)))
        for alias in mirror.aliases:
            names[alias] = getattr(self, alias)
        return names | own_namespace(self)


ORIGINS: dict[str, set[str]] = {}
"""By mirror module: the modules of ours that define the classes it has given its name to."""


def own_namespace(module: ModuleType) -> dict[str, Any]:
    """What is stored on the module object itself."""
    namespace: dict[str, Any] = vars(ModuleType)["__dict__"].__get__(module)
    return namespace


def _public_view(module: ModuleType) -> dict[str, Any]:
    """The names of `module`, lazily offered ones included; its own identity is left out."""
    offered = {name: getattr(module, name) for name in getattr(module, "__all__", ())}
    return {name: value for name, value in (vars(module) | offered).items() if not name.startswith("__")}


def _find(mirror_name: str, name: str) -> tuple[ModuleType, str] | None:
    """Where `name` of a mirrored module lives: a module and the name it has there."""
    mirror = MIRRORS[mirror_name]
    alias = mirror.aliases.get(name)
    if alias is not None:
        module_name, _, attribute = alias.partition(":")
        return import_module(module_name), attribute
    if name in children(mirror_name):
        return None
    for backing in mirror.backing:
        module = import_module(backing)
        if getattr(module, name, _MISSING) is not _MISSING:
            return module, name
    return None


def _is_ours(module: ModuleType) -> bool:
    return module.__name__.partition(".")[0] == _OURS
