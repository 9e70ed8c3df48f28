"""Whether forms can be parsed here: checked where a form is declared, not when the first one arrives."""

from __future__ import annotations

from importlib import import_module

from pronghorn._base.logger import logger

NOT_INSTALLED = (
    'Form data requires "python-multipart" to be installed. \n'
    'You can install "python-multipart" with: \n\npip install python-multipart\n'
)
WRONG_PACKAGE = (
    'Form data requires "python-multipart" to be installed. '
    'It seems you installed "multipart" instead. \n'
    'You can remove "multipart" with: \n\npip uninstall multipart\n\n'
    'And then install "python-multipart" with: \n\npip install python-multipart\n'
)


def ensure_multipart_is_installed() -> None:
    """Raise `RuntimeError`, with the command that helps, unless python-multipart can be imported."""
    if _has_current_name() or _has_former_name():
        return
    message = NOT_INSTALLED if _missing("multipart") else WRONG_PACKAGE
    logger.error(message)
    raise RuntimeError(message)


def _has_current_name() -> bool:
    """Releases after 0.0.12 are imported as ``python_multipart``."""
    try:
        version = import_module("python_multipart").__version__
    except (ImportError, AttributeError):
        return False
    return str(version) > "0.0.12"


def _has_former_name() -> bool:
    """Older ones are imported as ``multipart``, a name that another distribution uses too."""
    try:
        getattr(import_module("multipart"), "__version__")  # noqa: B009 - an attribute mypy cannot know
        return hasattr(import_module("multipart.multipart"), "parse_options_header")
    except (ImportError, AttributeError):
        return False


def _missing(name: str) -> bool:
    try:
        module = import_module(name)
    except ImportError:
        return True
    return not getattr(module, "__version__", None)
