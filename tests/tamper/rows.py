"""Attacks on the records themselves; the trail is left as it is."""

from __future__ import annotations

from collections.abc import Callable

from tests.tamper.attacker import COLUMNS, RECORDS, Attacker, Row

HOMOGLYPHS = str.maketrans("aecopxAEOBS", "аесорхАЕОВЅ")  # Latin to Cyrillic
KEYS = {
    "task": ("batch_id", "key"),
    "person_role": ("person_id", "role"),
    "checkpoint": ("seq",),
    "recipe_document": ("hash",),
    "recipe_draft": ("revision_id",),
    "import_mapping": ("name",),
    "change_item": ("change_id", "n"),
    "entry_review": ("change_id", "person_id", "entry"),
    "open_batch_decision": ("change_id", "batch_id", "item"),
}


def named(table: str, row: Row) -> str:
    """A row's place in the words of the verifier."""
    return f"{table} {' '.join(str(row[column]) for column in KEYS.get(table, ('id',)))}"


def edited_digit(attacker: Attacker) -> str:
    """A digit of a recorded value."""
    row = attacker.pick("parameter_value", lambda row: any(character.isdigit() for character in row["text"]))
    attacker.change("parameter_value", row, text=next_digit(row["text"]), value=next_digit(row["value"]))
    return named("parameter_value", row) + " text"


def trailing_zero(attacker: Attacker) -> str:
    """7.20 becomes 7.2 or 7.200: the same number, another record."""
    row = attacker.pick("parameter_value", lambda row: len(row["text"]) > 1)
    text = row["text"] + "0" if attacker.rng.random() < 0.5 else row["text"][:-1]
    attacker.change("parameter_value", row, text=text)
    return named("parameter_value", row) + " text"


def null_for_empty(attacker: Attacker) -> str:
    """Empty text becomes NULL."""
    table, column, row = _cell(attacker, lambda value: value == "")
    attacker.change(table, row, **{column: None})
    return f"{named(table, row)} {column}"


def empty_for_null(attacker: Attacker) -> str:
    """NULL becomes empty text."""
    table, column, row = _cell(attacker, lambda value: value is None)
    attacker.change(table, row, **{column: ""})
    return f"{named(table, row)} {column}"


def number_for_text(attacker: Attacker) -> str:
    """Text of digits becomes a number (SQLite), a number becomes text (PostgreSQL, the whole column)."""
    if attacker.is_sqlite:
        table, column, row = _cell(attacker, lambda value: isinstance(value, str) and value.replace(".", "").isdigit())
        attacker.change(table, row, **{column: float(row[column]) if "." in row[column] else int(row[column])})
        return f"{named(table, row)} {column}"
    table = attacker.rng.choice(["task", "exception_record", "batch", "person"])
    column = "number" if table == "exception_record" else "version"
    row = attacker.pick(table)
    attacker.run(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE text")
    return f"{named(table, row)} {column}"


def homoglyph(attacker: Attacker) -> str:
    """A letter becomes one of another alphabet that looks the same."""
    suits = lambda value: isinstance(value, str) and value != value.translate(HOMOGLYPHS)  # noqa: E731
    table, column, row = _cell(attacker, suits)
    attacker.change(table, row, **{column: row[column].translate(HOMOGLYPHS)})
    return f"{named(table, row)} {column}"


def space_added(attacker: Attacker) -> str:
    """A space, plain or not breaking, at the end of a text."""
    table, column, row = _cell(attacker, lambda value: isinstance(value, str))
    attacker.change(table, row, **{column: row[column] + attacker.rng.choice(" \u00a0\u200b")})
    return f"{named(table, row)} {column}"


def back_dated(attacker: Attacker) -> str:
    """An instant is moved back by a day or a microsecond."""
    table, column, row = _cell(attacker, lambda value: isinstance(value, str) and value.endswith("Z"))
    earlier = ("2020" + row[column][4:]) if attacker.rng.random() < 0.5 else row[column][:-2] + "!Z"
    attacker.change(table, row, **{column: earlier})
    return f"{named(table, row)} {column}"


def any_cell(attacker: Attacker) -> str:
    """Any column of any row gets another value of its kind."""
    table, column, row = _cell(attacker, lambda value: True)
    attacker.change(table, row, **{column: other(row[column])})
    return f"{named(table, row)} {column}"


def row_deleted(attacker: Attacker) -> str:
    """A row disappears."""
    table = attacker.rng.choice([table for table in RECORDS if attacker.rows(table)])
    row = attacker.pick(table)
    attacker.delete(table, row)
    return named(table, row)


def first_row_deleted(attacker: Attacker) -> str:
    """The first value of a batch disappears."""
    row = min(attacker.rows("parameter_value", batch_id=attacker.batches[0][6:]), key=lambda row: row["id"])
    attacker.delete("parameter_value", row)
    return named("parameter_value", row)


def last_row_deleted(attacker: Attacker) -> str:
    """The last value of a batch disappears."""
    row = max(attacker.rows("parameter_value", batch_id=attacker.batches[-1][6:]), key=lambda row: row["id"])
    attacker.delete("parameter_value", row)
    return named("parameter_value", row)


def exceptions_deleted(attacker: Attacker) -> str:
    """All exceptions of a batch disappear."""
    batch = attacker.a_batch("exception_record")[6:]
    row = attacker.pick("exception_record", batch_id=batch)
    attacker.run("DELETE FROM exception_record WHERE batch_id = ?", batch)
    return named("exception_record", row)


def row_inserted(attacker: Attacker) -> str:
    """A row that nobody recorded appears."""
    table = attacker.rng.choice([t for t in RECORDS if t not in KEYS and attacker.rows(t)])
    row = attacker.pick(table) | {"id": f"forged-{attacker.rng.random()}"}
    attacker.insert(table, row)
    return named(table, row)


def row_duplicated(attacker: Attacker) -> str:
    """A row is there twice, every column alike."""
    table = attacker.rng.choice([t for t in RECORDS if attacker.rows(t)])
    row = attacker.pick(table)
    attacker.insert(table, row)
    return named(table, row)


def moved_to_another_batch(attacker: Attacker) -> str:
    """A row changes its batch."""
    one, two = attacker.batches[0][6:], attacker.batches[-1][6:]
    tables = [t for t in RECORDS if "batch_id" in COLUMNS[t] and t not in ("task", "equipment")]
    table = attacker.rng.choice([t for t in tables if attacker.rows(t, batch_id=one)])
    row = attacker.pick(table, batch_id=one)
    attacker.change(table, row, batch_id=two)
    return named(table, row)


def moved_to_no_batch(attacker: Attacker) -> str:
    """A row is given to a batch that never was, or to none."""
    row = attacker.pick("signature", lambda row: row["batch_id"] is not None)
    attacker.change("signature", row, batch_id=attacker.rng.choice([None, "B-9"]))
    return named("signature", row)


def contents_swapped(attacker: Attacker) -> str:
    """Two values change places."""
    one, two = attacker.rng.sample(attacker.rows("parameter_value"), 2)
    first, second = one["id"], two["id"]
    attacker.change("parameter_value", one, id=second)
    attacker.change("parameter_value", two, id=first)
    return f"parameter_value {attacker.rng.choice([first, second])}"


def signature_given_to_another(attacker: Attacker) -> str:
    """A signature names another person."""
    row = attacker.pick("signature")
    other_person = attacker.pick("person", lambda person: person["id"] != row["person_id"])
    attacker.change("signature", row, person_id=other_person["id"], full_name=other_person["full_name"])
    return named("signature", row) + " person_id"


def signed_content_changed(attacker: Attacker) -> str:
    """What was shown is changed together with its hash, so that the signature looks valid."""
    from engine.canonical import sha256

    row = attacker.pick("signature")
    shown = row["shown"].replace("record", "recorded")
    attacker.change("signature", row, shown=shown, shown_hash=sha256(shown))
    return named("signature", row) + " shown"


def exception_downgraded(attacker: Attacker) -> str:
    """An exception becomes harmless."""
    row = attacker.pick("exception_record", lambda row: row["severity"] != "info")
    attacker.change("exception_record", row, severity="info", needs_comment=0)
    return named("exception_record", row) + " severity"


def state_advanced(attacker: Attacker) -> str:
    """A task or batch is set to a later state, version counted up as the application would."""
    table, state = attacker.rng.choice([("task", "withdrawn"), ("batch", "RELEASED")])
    row = attacker.pick(table, lambda row: row["state"] != state)
    attacker.change(table, row, state=state, version=row["version"] + 1)
    return named(table, row) + " state"


def role_granted(attacker: Attacker) -> str:
    """Somebody gives themselves a role."""
    row = attacker.pick("person_role") | {"role": "QA_DISP"}
    attacker.insert("person_role", row)
    return named("person_role", row)


def password_replaced(attacker: Attacker) -> str:
    """A password's hash is replaced by that of a password the attacker knows."""
    row = attacker.pick("person")
    attacker.change("person", row, password_hash="$argon2id$known")
    return named("person", row) + " password_hash"


def lot_released(attacker: Attacker) -> str:
    """A lot's certificate is improved."""
    row = attacker.pick("material_lot")
    attacker.change("material_lot", row, certificate='{"titer":"9.9e9"}')
    return named("material_lot", row) + " certificate"


def recipe_changed(attacker: Attacker) -> str:
    """The frozen diagram of running batches is changed."""
    row = attacker.pick("recipe_document")
    attacker.change("recipe_document", row, xml=row["xml"] + " ")
    return named("recipe_document", row) + " xml"


def snapshot_forged(attacker: Attacker) -> str:
    """The engine is told that another step is open."""
    row = attacker.pick("engine_snapshot")
    attacker.change("engine_snapshot", row, data='{"open":["S99"]}')
    return f"engine_snapshot {row['batch_id']}"


def column_added(attacker: Attacker) -> str:
    """A new column holds something that no entry covers."""
    table = attacker.rng.choice(RECORDS)
    attacker.run(f'ALTER TABLE "{table}" ADD COLUMN extra text')
    return f"table {table} column extra"


def table_added(attacker: Attacker) -> str:
    """A new table beside the record."""
    attacker.run("CREATE TABLE shadow_value (id text, text text)")
    attacker.run("INSERT INTO shadow_value VALUES ('1', '7.20')")
    return "table shadow_value"


def next_digit(text: str) -> str:
    """The text with its first digit counted up."""
    place = next((place for place, character in enumerate(text) if character.isdigit()), None)
    return text if place is None else f"{text[:place]}{(int(text[place]) + 1) % 10}{text[place + 1 :]}"


def other(value: object) -> object:
    """Another value of the same kind."""
    if value is None:
        return "x"
    return value + 1 if isinstance(value, int) else f"{value}x"


def _cell(attacker: Attacker, suits: Callable[[object], bool]) -> tuple[str, str, Row]:
    """Some column of some row whose value suits; never a key column, whose change is a row that moved."""
    cells = [
        (table, column, row)
        for table in RECORDS
        for row in attacker.rows(table)
        for column in COLUMNS[table]
        if column not in (*KEYS.get(table, ("id",)), "batch_id") and suits(row[column])
    ]
    # First the column, then the row: rare columns are tried as often as common ones.
    places = sorted({(table, column) for table, column, _ in cells})
    table, column = attacker.rng.choice(places)
    return attacker.rng.choice([cell for cell in cells if cell[:2] == (table, column)])


KINDS: tuple[Callable[[Attacker], str], ...] = (
    edited_digit,
    trailing_zero,
    null_for_empty,
    empty_for_null,
    number_for_text,
    homoglyph,
    space_added,
    back_dated,
    any_cell,
    row_deleted,
    first_row_deleted,
    last_row_deleted,
    exceptions_deleted,
    row_inserted,
    row_duplicated,
    moved_to_another_batch,
    moved_to_no_batch,
    contents_swapped,
    signature_given_to_another,
    signed_content_changed,
    exception_downgraded,
    state_advanced,
    role_granted,
    password_replaced,
    lot_released,
    recipe_changed,
    snapshot_forged,
    column_added,
    table_added,
)
