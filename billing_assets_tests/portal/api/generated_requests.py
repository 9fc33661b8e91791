"""Requests made from the specification: what it allows, and what it does not.

Belongs here: values by schema, and whole requests. Does not belong here: what an answer has to be (tests).
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

Schema = Mapping[str, Any]
_JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
    st.just("\x00"),
)
# Names that there are, so that many requests find something.
_KNOWN: Mapping[str, list[Any]] = {
    "policy_number": ["POL-00000001", "POL-00000007"],
    "policy_numbers": [["POL-00000002"], ["POL-00000004", "POL-00000099"]],
    "number": ["INV-00000001", "INV-00000002", "INV-99999999"],
    "invoice_number": ["INV-00000001"],
    "delivery_id": [1, 2, 99],
    "run_id": [1, 99],
    "code": ["nightly", "weekly"],
    "schedule_code": ["nightly", "weekly"],
    "language": ["en", "es", "xx"],
    "line": [1],
    "product_codes": [[], ["motor_car"], ["boat"]],
    "place_codes": [[], ["ES"], ["XX"]],
    "plan_codes": [[], ["monthly"]],
    "payer_groups": [[], ["fleet"]],
    "template": ["", "winter"],
    "frequency_code": ["daily", "monthly", "own_rule"],
    "time_zone": ["Europe/Madrid", "UTC"],
    "at_times": [["06:00"]],
    "If-Match": ['"1"', '"2"', "*", "x"],
}


def value_of(schema: Schema, specification: Schema, name: str = "") -> st.SearchStrategy[Any]:
    """Return values that a schema allows, now and then others."""
    right = _right(schema, specification)
    if name in _KNOWN:
        right = st.one_of(st.sampled_from(_KNOWN[name]), st.sampled_from(_KNOWN[name]), right)
    return st.integers(0, 19).flatmap(lambda number: _JUNK if number == 0 else right)


def _right(schema: Schema, specification: Schema) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return _right(_resolved(schema, specification), specification)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return st.one_of([_right(each, specification) for each in schema[word]])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kinds = {
        "object": _object,
        "array": _array,
        "string": _text,
        "integer": _integer,
        "boolean": lambda *_: st.booleans(),
        "null": lambda *_: st.none(),
    }
    kind = kinds.get(schema.get("type", ""))
    return kind(schema, specification) if kind else _JUNK


def _object(schema: Schema, specification: Schema) -> st.SearchStrategy[Any]:
    required = set(schema.get("required", ()))
    parts = {name: value_of(each, specification, name) for name, each in schema.get("properties", {}).items()}
    must = {name: part for name, part in parts.items() if name in required}
    may = {name: part for name, part in parts.items() if name not in required}
    return st.fixed_dictionaries(must, optional=may)


def _array(schema: Schema, specification: Schema) -> st.SearchStrategy[Any]:
    least = schema.get("minItems", 0)
    return st.lists(value_of(schema.get("items", {}), specification), min_size=least, max_size=least + 2)


def _text(schema: Schema, _specification: Schema) -> st.SearchStrategy[Any]:
    if schema.get("format") == "date":
        return st.dates().map(str)
    if schema.get("format") == "date-time":
        return st.datetimes().map(lambda at: f"{at.isoformat()}Z")
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True).map(lambda text: text[:200])
    return st.text(min_size=schema.get("minLength", 0), max_size=min(schema.get("maxLength", 30), 30))


def _integer(schema: Schema, _specification: Schema) -> st.SearchStrategy[Any]:
    return st.integers(schema.get("minimum", -(2**40)), schema.get("maximum", 2**40))


def _resolved(schema: Schema, specification: Schema) -> Schema:
    found: Schema = specification["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def operations(specification: Schema) -> list[tuple[str, str, Schema]]:
    """Return method, path and operation of every call."""
    return [
        (method.upper(), path, operation)
        for path, methods in specification["paths"].items()
        for method, operation in methods.items()
    ]


@st.composite
def requests(draw: st.DrawFn, specification: Schema, method: str, path: str, operation: Schema) -> Any:
    """Return a request: path, query, headers, and a body as the keyword of the client that sends it."""
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    for parameter in operation.get("parameters", ()):
        name, place = parameter["name"], parameter["in"]
        if place != "path" and not parameter.get("required") and draw(st.booleans()):
            continue
        value = str(draw(value_of(parameter["schema"], specification, name)))
        if place == "path":
            path = path.replace(f"{{{name}}}", quote(_sendable(value), safe="") or "x")
        elif place == "query":
            query[name] = _sendable(value)
        else:
            headers[name] = "".join(each for each in value if "!" <= each <= "~")[:300]
    return path, query, headers, draw(_body(operation, specification))


def _body(operation: Schema, specification: Schema) -> st.SearchStrategy[dict[str, Any]]:
    content = operation.get("requestBody", {}).get("content", {})
    if "application/x-www-form-urlencoded" in content:
        schema = content["application/x-www-form-urlencoded"]["schema"]
        return value_of(schema, specification).map(
            lambda form: {
                "data": {name: _sendable(str(each)) for name, each in form.items()}
                if isinstance(form, dict)
                else {}
            }
        )
    if "application/json" in content:
        rows = value_of(content["application/json"]["schema"], specification)
        return (
            st.one_of(
                rows.map(lambda row: {"json": row}),
                st.binary(max_size=20).map(lambda raw: {"content": raw}),
            )
            if "application/x-ndjson" in content
            else rows.map(lambda row: {"json": row})
        )
    return st.just({})


def _sendable(text: str) -> str:
    return text.encode("utf-8", "ignore").decode()
