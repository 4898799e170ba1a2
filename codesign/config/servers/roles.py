"""The two roles and the database on any server: embedded, in a container, or an operator's own.

The owner role owns the database and every table; only migrations use it. The application role reads
and writes rows and owns nothing, so that an attacker with its connection can neither drop a table
nor change rows that triggers protect.
"""

from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from codesign.config.servers.errors import ServerError

OWNER_ROLE = "codesign_owner"
APP_ROLE = "codesign_app"
"""Migrations find the role by this name; see `privileges.py`."""

Connection = psycopg.Connection[Any]

RIGHTS = (("TABLES", "SELECT, INSERT, UPDATE, DELETE"), ("SEQUENCES", "USAGE, SELECT"))


def make_roles(admin: Connection, *, owner: str, database: str, passwords: dict[str, str]) -> None:
    """Create the roles and the database if they are missing. Safe to repeat.

    `passwords` are set again each time, by role. A role without one cannot sign in by password.
    `admin` may be any role that can create roles and databases, and must be in autocommit.
    """
    for role in (owner, APP_ROLE):
        name = sql.Identifier(role)
        if not _exists(admin, "pg_roles", "rolname", role):
            admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
        if role in passwords:
            admin.execute(
                sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(passwords[role]))
            )
    if not _exists(admin, "pg_database", "datname", database):
        super_row = admin.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if not (super_row.fetchone() or [False])[0]:  # only members of a role can give to it
            admin.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(owner)))
        admin.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(
                sql.Identifier(database), sql.Identifier(owner)
            )
        )


def give_rights(owner: Connection) -> None:
    """As the owner, let the application use every table that a migration will create."""
    for kind, rights in RIGHTS:
        owner.execute(
            sql.SQL("ALTER DEFAULT PRIVILEGES GRANT {} ON {} TO {}").format(
                sql.SQL(rights), sql.SQL(kind), sql.Identifier(APP_ROLE)
            )
        )


def make_database(*, admin_url: str, owner_url: str, app_url: str) -> None:
    """Prepare an operator's own server for the roles that the two addresses name."""
    try:
        owner, app = conninfo_to_dict(owner_url), conninfo_to_dict(app_url)
    except psycopg.Error as error:
        raise ServerError("DATABASE_URL or DATABASE_OWNER_URL is not a valid address.") from error
    if app.get("user") != APP_ROLE:
        raise ServerError(f"DATABASE_URL must name the role {APP_ROLE}.")
    if owner.get("user") in (None, APP_ROLE) or owner.get("dbname") != app.get("dbname"):
        raise ServerError("DATABASE_OWNER_URL must name another role and the same database.")
    passwords = {
        str(role["user"]): str(role["password"]) for role in (owner, app) if "password" in role
    }
    try:
        with psycopg.connect(admin_url, autocommit=True) as admin:
            make_roles(
                admin,
                owner=str(owner["user"]),
                database=str(owner["dbname"]),
                passwords=passwords,
            )
        with psycopg.connect(owner_url, autocommit=True) as connection:
            give_rights(connection)
    except psycopg.Error as error:
        raise ServerError(f"The database could not be prepared: {error}".strip()) from error


def _exists(connection: Connection, table: str, column: str, name: str) -> bool:
    query = sql.SQL("SELECT 1 FROM {} WHERE {} = %s").format(
        sql.Identifier(table), sql.Identifier(column)
    )
    return connection.execute(query, [name]).fetchone() is not None
