"""Where the values of the options come from.

Lives here: flags, environment variables, `[tool.pronghorn.server]` in `pyproject.toml`, defaults, in this
order; and messages that name the place of a wrong value. Must not live here: any particular option.
Invariant: the first place that names an option decides it, the others are not even looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pronghorn.server.config import ServerConfig
from pronghorn.server.options import Option, options_of

_TABLE = "[tool.pronghorn.server]"
_BEHIND_A_PROXY = 75.0


class BadOption(ValueError):
    """An option has a value that cannot work, somewhere.

    Attributes:
        fix: what to do about it.
    """

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


def load_config(
    flags: Mapping[str, Any],
    environ: Mapping[str, str],
    pyproject: Path,
    defaults: Mapping[str, Any],
) -> tuple[ServerConfig, frozenset[str]]:
    """The options, and the names of those that were given somewhere.

    Args:
        flags: what the command line says, by the names of the fields; None and () are nothing.
        environ: the environment variables.
        pyproject: a settings file, which may not exist.
        defaults: values that differ from the record's own.

    Raises:
        BadOption: a value cannot work, or `pyproject` has a key that is none.
    """
    table = _read_table(pyproject)
    given: dict[str, Any] = {}
    for option in options_of(ServerConfig):
        found = _find(option, flags, environ, table)
        if found is not None:
            given[option.name] = _read(option, *found)
    _refuse_unknown(table, pyproject)
    if given.get("reload", defaults.get("reload")) and not flags.get("workers"):
        given.pop("workers", None)  # a platform's variable is about production
    try:
        return ServerConfig(**{**defaults, **_implied(given), **given}), frozenset(given)
    except ValueError as error:
        raise BadOption(str(error), "change one of them") from error


def _implied(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the options that were given mean for others."""
    implied: dict[str, Any] = {}
    if "forwarded_allow_ips" in given:
        implied["proxy_headers"] = True
    if given.get("proxy_headers", implied.get("proxy_headers")):
        # Proxies keep idle connections for a minute, as a rule. The one that closes first loses no request
        # only if it is the proxy.
        implied["keep_alive_timeout"] = _BEHIND_A_PROXY
    return implied


def _find(
    option: Option, flags: Mapping[str, Any], environ: Mapping[str, str], table: Mapping[str, Any]
) -> tuple[str, Any] | None:
    """The place that decides an option, and what stands there."""
    if flags.get(option.name) not in (None, (), []):
        return option.flag, flags[option.name]
    for variable in option.variables:
        if environ.get(variable):
            return variable, environ[variable]
    if option.name in table:
        return f"{option.name} in {_TABLE}", table[option.name]
    return None


def _read(option: Option, place: str, written: Any) -> Any:
    try:
        value = option.take(written)
        if option.allows(value):
            return value
    except ValueError:
        pass
    raise BadOption(f"{place} is {written!r}: expected {option.expected}", "correct it, or leave it out")


def _read_table(pyproject: Path) -> dict[str, Any]:
    if not pyproject.is_file():
        return {}
    import tomllib

    try:
        table = tomllib.loads(pyproject.read_text("utf-8")).get("tool", {}).get("pronghorn", {})
    except tomllib.TOMLDecodeError as error:
        raise BadOption(f"{pyproject} is not TOML: {error}", "correct it") from error
    found = table.get("server", {})
    if not isinstance(found, dict):
        raise BadOption(f"server in [tool.pronghorn] is {found!r}: expected a table", f"write {_TABLE}")
    return found


def _refuse_unknown(table: Mapping[str, Any], pyproject: Path) -> None:
    names = [option.name for option in options_of(ServerConfig)]
    for key in table:
        if key not in names:
            import difflib

            close = difflib.get_close_matches(key, names, 1)
            fix = f"did you mean {close[0]}?" if close else "the page 'Server options' lists them"
            raise BadOption(f"{key} in {_TABLE} of {pyproject} is no option of the server", fix)
