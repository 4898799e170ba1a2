"""Writing by COPY raises the same errors as any other query."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from django.db import IntegrityError, OperationalError, connection, connections, transaction

from codesign.shared.copying import copy_rows
from codesign.studies.models import Study


@pytest.mark.django_db
def test_a_row_that_a_constraint_refuses() -> None:
    with (
        pytest.raises(IntegrityError, match='null value in column "created_at"'),
        transaction.atomic(),
    ):
        copy_rows(Study, ["id"], [(uuid.uuid4(),)])
    assert not Study.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_server_that_goes_away_meanwhile() -> None:
    """Callers that retry when the database is away recognise this error."""
    with pytest.raises(OperationalError, match="server closed the connection"):
        copy_rows(Study, ["id"], rows_until_nobody_listens())
    connection.close()
    assert not Study.objects.exists()


def rows_until_nobody_listens() -> Iterator[tuple[uuid.UUID]]:
    beside = connections.create_connection("default")
    with beside.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
    beside.close()
    for _ in range(100_000):
        yield (uuid.uuid4(),)
