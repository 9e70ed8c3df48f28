"""The classes behind `Query()`, `Depends()` and their like, for `isinstance` and subclasses.

In a signature use the functions of `pronghorn.param_functions`, which `pronghorn` offers too.
"""

from pronghorn._declare.depends import Depends, Security
from pronghorn._declare.params import Body, Cookie, File, Form, Header, Param, ParamTypes, Path, Query

__all__ = [
    "Body",
    "Cookie",
    "Depends",
    "File",
    "Form",
    "Header",
    "Param",
    "ParamTypes",
    "Path",
    "Query",
    "Security",
]
