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


class MirrorModule(ModuleType):
    """One module of the `fastapi` package, showing modules of ours."""

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return [public for public in dir(self) if not public.startswith("_")]
        place = None if name.startswith("__") and name != "__version__" else _find(self.__name__, name)
        if place is not None:
            return getattr(*place)
        if name in children(self.__name__):
            return import_module(f"{self.__name__}.{name}")
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        is_local = isinstance(value, ModuleType) or name.startswith("__")
        place = None if is_local else _find(self.__name__, name)
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
        mirror = MIRRORS[self.__name__]
        shown = {name for backing in mirror.backing for name in _public_names(import_module(backing))}
        return sorted(own_namespace(self).keys() | shown | mirror.aliases.keys() | children(self.__name__))

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
        names.update((name, getattr(self, name)) for name in dir(self) if name not in children(self.__name__))
        return names | own_namespace(self)


ORIGINS: dict[str, set[str]] = {}
"""By mirror module: the modules of ours that define the classes it has given its name to."""


def own_namespace(module: ModuleType) -> dict[str, Any]:
    """What is stored on the module object itself."""
    namespace: dict[str, Any] = vars(ModuleType)["__dict__"].__get__(module)
    return namespace


def _public_names(module: ModuleType) -> list[str]:
    """What `module` lists, or else every name in it without an underscore in front."""
    listed: list[str] | None = getattr(module, "__all__", None)
    return [name for name in vars(module) if not name.startswith("_")] if listed is None else listed


def _find(mirror_name: str, name: str) -> tuple[Any, str] | None:
    """Where `name` of a mirrored module lives: a module (or an object in one) and the name it has there."""
    mirror = MIRRORS[mirror_name]
    alias = mirror.aliases.get(name)
    if alias is not None:
        module_name, _, attribute = alias.partition(":")
        owner, _, attribute = attribute.rpartition(".")
        module = import_module(module_name)
        return (getattr(module, owner) if owner else module), attribute
    if name in children(mirror_name):
        return None
    for backing in mirror.backing:
        module = import_module(backing)
        if getattr(module, name, _MISSING) is not _MISSING:
            return module, name
    return None


def _is_ours(owner: Any) -> bool:
    name: str = owner.__name__ if isinstance(owner, ModuleType) else type(owner).__module__
    return name.partition(".")[0] == "pronghorn"
