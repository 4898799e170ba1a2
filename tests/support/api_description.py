"""The operations that the API's description lists."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from drf_spectacular.generators import SchemaGenerator


@functools.cache
def described() -> dict[str, Any]:
    schema: dict[str, Any] = SchemaGenerator().get_schema(  # type: ignore[no-untyped-call]
        public=True
    )
    return schema


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in described()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


OPERATIONS = dict(operations())
