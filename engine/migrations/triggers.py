"""The triggers that refuse to change what is recorded, for both databases, and what the self-test expects of them.

Append-only tables refuse UPDATE, DELETE and (PostgreSQL) TRUNCATE; tables of state refuse DELETE and TRUNCATE: a row
that was once recorded never disappears. Only the engine's cache has none.

Source: 21 CFR 11.10(e); requirement N-03 and N-04.
"""

from __future__ import annotations

from collections.abc import Iterator

REFUSE = "batchwright_refuse"


def sqlite_triggers(table: str, *, append_only: bool) -> Iterator[tuple[str, str]]:
    """(name, statement) of each trigger of a table."""
    for action in ("UPDATE", "DELETE") if append_only else ("DELETE",):
        name = f"{table}_no_{action.lower()}"
        yield (
            name,
            f"CREATE TRIGGER {name} BEFORE {action} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table}: {action} is refused, what is recorded stays'); END",
        )


REFUSE_BODY = "BEGIN RAISE EXCEPTION '%: % is refused, what is recorded stays', TG_TABLE_NAME, TG_OP; END"


def postgresql_function() -> str:
    """The function that all PostgreSQL triggers call."""
    return f"CREATE FUNCTION {REFUSE}() RETURNS trigger LANGUAGE plpgsql AS '{REFUSE_BODY.replace(chr(39), chr(39) * 2)}'"


def postgresql_triggers(table: str, *, append_only: bool) -> Iterator[tuple[str, str]]:
    """(name, statement) of each trigger; ENABLE ALWAYS, so that replication mode does not silence it."""
    events = {"change": "UPDATE OR DELETE" if append_only else "DELETE", "truncate": "TRUNCATE"}
    for kind, event in events.items():
        name = f"{table}_no_{kind}"
        scope = "STATEMENT" if kind == "truncate" else "ROW"
        yield (
            name,
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH {scope} EXECUTE FUNCTION {REFUSE}(); "
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}",
        )
