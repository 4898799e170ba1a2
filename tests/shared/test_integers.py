"""An integer is stored unchanged or refused, never truncated to fit its column."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import DataError, connection, models, transaction
from django.urls import get_resolver
from psycopg.types.numeric import Int2, Int4
from rest_framework import serializers

from annotations.models import Assignment, MinhashBucket
from codesign.compensation.models import PayRate, Promise
from codesign.shared.compiled_queries import insert
from codesign.shared.copying import copy_rows
from codesign.shared.errors import Invalid
from codesign.shared.integers import limits, refuse_what_does_not_fit
from modelhub.serializers.generation import GenerationRequestSerializer
from modelhub.serializers.prompts import PromptRowSerializer
from modelhub.serializers.training import TrainingRequestSerializer

pytestmark = pytest.mark.django_db

BEYOND = {"smallint": 2**16 + 1, "integer": 2**32 + 1, "bigint": 2**64 + 1}
"""Of each type's bits alone a 1 would be left."""


def integer_fields() -> list[models.Field[Any, Any]]:
    return [
        field
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.IntegerField) and not field.remote_field
    ]


def named(field: models.Field[Any, Any]) -> str:
    return str(field)


def blank(field: models.Field[Any, Any], bad: models.Field[Any, Any], value: int) -> Any:
    """Return valid values for every column, so that only the number can be refused."""
    if field is bad:
        return value
    if isinstance(field, ArrayField):
        return []
    return field.get_default() if field.has_default() else _of_kind(field)


def _of_kind(field: models.Field[Any, Any]) -> Any:
    return {
        "UUIDField": uuid.uuid4(),
        "CharField": "x",
        "TextField": "x",
        "FloatField": 0.5,
        "BinaryField": b"x",
        "JSONField": {},
        "BooleanField": False,
    }.get(field.get_internal_type(), None if field.null else 1)


def row(bad: models.Field[Any, Any], value: int) -> models.Model:
    fields = bad.model._meta.concrete_fields
    known = {
        field.attname: blank(field, bad, value)
        for field in fields
        if not isinstance(
            field,
            models.DateTimeField | models.DateField | models.ForeignKey | models.GeneratedField,
        )
    }
    return bad.model(**known)


@pytest.mark.parametrize("field", integer_fields(), ids=named)
def test_every_integer_field_refuses_what_it_cannot_hold(field: models.Field[Any, Any]) -> None:
    kind = str(field.db_type(connection)).partition(" ")[0]
    value = BEYOND[{"serial": "integer", "bigserial": "bigint"}.get(kind, kind)]
    bad = row(field, value)
    ways: list[Callable[[], Any]] = [
        lambda: bad.save(force_insert=True),
        lambda: field.model._default_manager.bulk_create([row(field, value), row(field, value)]),
        lambda: copy_rows(field.model, [field.attname], [[value]]),
    ]
    if not field.primary_key and field.db_default is models.NOT_PROVIDED:
        ways.append(lambda: insert(bad))
    if not field.primary_key:
        ways.append(lambda: field.model._default_manager.update(**{field.name: value}))
    for way in ways:
        with pytest.raises(DataError, match="out of range"), transaction.atomic():
            way()


def test_plain_numbers_in_the_same_statement_do_not_switch_the_guard_off() -> None:
    """psycopg uses one dumper per type and statement, so a plain 1 could replace the check."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE pair (plain integer, a smallint, b integer)")
        for plain in (1, 2**15, 2**31 - 1):
            for wrapped in (Int2(2**16 + 1), Int4(2**32 + 1)):
                column = "a" if isinstance(wrapped, Int2) else "b"
                with pytest.raises(DataError, match="out of range"), transaction.atomic():
                    cursor.execute(
                        f"INSERT INTO pair (plain, {column}) VALUES (%s, %s)", [plain, wrapped]
                    )


def test_largest_integer_of_a_column_is_stored() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE held (a smallint, b integer, c bigint)")
        for sign in (1, -1):
            values = [sign * (2 ** (bits - 1)) - (sign > 0) for bits in (16, 32, 64)]
            wrapped = [
                connection.ops.adapt_integerfield_value(value, kind)
                for value, kind in zip(
                    values,
                    ("SmallIntegerField", "IntegerField", "BigIntegerField"),
                    strict=True,
                )
            ]
            cursor.execute("INSERT INTO held VALUES (%s, %s, %s) RETURNING *", wrapped)
            assert list(cursor.fetchone()) == values


def test_amounts_are_bigint_all_the_way() -> None:
    for model, name in ((PayRate, "amount_minor"), (Promise, "hourly_minor"),
                        (Assignment, "amount_minor")):  # fmt: skip
        assert limits(model, name) == (0, 2**63 - 1)


def test_a_door_says_which_number_does_not_fit() -> None:
    assert limits(MinhashBucket, "bucket") == (0, 2**15 - 1)
    refuse_what_does_not_fit(PayRate, estimated_seconds=180)
    with pytest.raises(Invalid, match="from 0 to 2147483647") as refused:
        refuse_what_does_not_fit(PayRate, estimated_seconds=2**31, amount_minor=80)
    assert set(refused.value.fields) == {"estimated_seconds"}


def subclasses(kind: Any) -> Iterator[Any]:
    for one in kind.__subclasses__():
        yield one
        yield from subclasses(one)


OURS = ("annotations.", "codesign.", "modelhub.")


def test_every_number_that_a_form_takes_has_both_ends() -> None:
    assert get_resolver().reverse_dict  # loads every page, and its forms with it
    wrong = [
        f"{form.__module__}.{form.__name__}.{name}"
        for form in subclasses(forms.Form)
        if form.__module__.startswith(OURS)
        for name, field in form.base_fields.items()
        if isinstance(field, forms.IntegerField) and None in (field.min_value, field.max_value)
    ]
    assert wrong == []


def test_every_number_that_the_api_takes_has_both_ends() -> None:
    """Those of a submission are checked by its own rules, against scale and text."""
    taken = [PromptRowSerializer, GenerationRequestSerializer, TrainingRequestSerializer]
    fields = [
        (f"{kind.__name__}.{name}", field)
        for kind in taken
        for name, field in kind().fields.items()
        if isinstance(field, serializers.IntegerField)
    ]
    assert fields
    assert [name for name, field in fields if None in (field.min_value, field.max_value)] == []
