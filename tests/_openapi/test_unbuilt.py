"""The records of a document are built when they are used, and work the same."""

import subprocess
import sys
from typing import Any

from pronghorn._openapi import models

PROGRAM = (
    "import pronghorn._openapi.document as d\n"
    "from pronghorn._openapi import models\n"
    "records = models.OpenAPI, models.PathItem, models.Operation, models.Schema, models.OAuth2\n"
    "assert not any(record.__pydantic_complete__ for record in records)\n"
    "d.get_openapi(title='t', version='1', routes=[])\n"
    "assert [record.__pydantic_complete__ for record in records] == [True, False, False, False, False]\n"
)


def test_no_validator_is_built_before_a_document_is_wanted() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_records_that_refer_to_later_ones_are_built_by_themselves() -> None:
    parts: dict[str, Any] = {"items": {"anyOf": [{"type": "string"}]}, "x-more": 1}
    assert models.Schema.model_validate(parts).model_dump(exclude_unset=True, by_alias=True) == parts
    header: dict[str, Any] = {"headers": {"X": {"schema": {"type": "integer"}}}}
    assert models.Encoding.model_validate(header).model_dump(exclude_unset=True, by_alias=True) == header
    operation: dict[str, Any] = {
        "responses": {},
        "callbacks": {"event": {"{$url}": {"post": {"responses": {}}}}},
    }
    assert models.Operation(**operation).model_dump(exclude_unset=True, by_alias=True) == operation
