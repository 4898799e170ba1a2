"""Features of a config, as the card declares them for `datasets` and the Hub.

`datasets` can write them itself, but importing it takes two seconds and 100 MB that no build needs.
"""

from __future__ import annotations

from typing import Any

NAMES = {"double": "float64", "date32[day]": "date32"}
"""Arrow's name → that of `datasets`, where they differ."""


def features_of(schema: Any) -> list[dict[str, Any]]:
    """The features of an Arrow schema."""
    return [{"name": field.name, **_feature(field.type)} for field in schema]


def _feature(kind: Any) -> dict[str, Any]:
    from pyarrow import types

    if types.is_struct(kind):
        return {"struct": features_of(kind)}
    if types.is_list(kind):
        inner = _feature(kind.value_type)
        return {"list": inner.get("struct") or inner["dtype"]}
    return {"dtype": NAMES.get(str(kind), str(kind))}
