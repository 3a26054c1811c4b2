"""metadata.json: the file by which an object describes itself (``data/metadata.schema.json``)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

SCHEMA = "aktenlotse/metadata/1"
SCHEMA_NAME = "metadata.schema.json"
_FILE = Path(__file__).parent / "data" / SCHEMA_NAME
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


def schema_bytes() -> bytes:
    """The schema's file, of which a copy lies in the archive's root."""
    return _FILE.read_bytes()


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """The JSON schema of metadata.json."""
    loaded: dict[str, Any] = json.loads(_FILE.read_bytes())
    return loaded


def write_metadata(values: Mapping[str, Any]) -> bytes:
    """The bytes of a metadata.json. Raises: ValueError, naming the first element that the schema does not
    allow.
    """
    whole = {"schema": SCHEMA, **values}
    check(whole)
    return json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def check(values: Mapping[str, Any]) -> None:
    """Compare with the schema (the keywords that it uses). Raises: ValueError."""
    _check(values, schema(), "")
    unknown = set(values) - set(schema()["properties"])
    if unknown:
        raise ValueError(f"unknown: {sorted(unknown)[0]}")


def _check(value: Any, rule: Mapping[str, Any], where: str) -> None:
    if "type" in rule:
        names = [rule["type"]] if isinstance(rule["type"], str) else rule["type"]
        kinds = tuple(kind for name in names for kind in _TYPES[name])
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise ValueError(f"{where or '/'}: not {'/'.join(names)}")
    if ("enum" in rule and value not in rule["enum"]) or ("const" in rule and value != rule["const"]):
        raise ValueError(f"{where}: {value!r}")
    if isinstance(value, str) and "pattern" in rule and not re.search(rule["pattern"], value):
        raise ValueError(f"{where}: {value!r}")
    if isinstance(value, Mapping):
        for name in rule.get("required", ()):
            if name not in value:
                raise ValueError(f"{where}/{name}: missing")
        for name, part in rule.get("properties", {}).items():
            if name in value:
                _check(value[name], part, f"{where}/{name}")
    if isinstance(value, list) and "items" in rule:
        for number, item in enumerate(value):
            _check(item, rule["items"], f"{where}/{number}")
