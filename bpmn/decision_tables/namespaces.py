"""The names of DMN that we read and write. Source: OMG DMN 1.3, 1.4, 1.5."""

from __future__ import annotations

DMN = "https://www.omg.org/spec/DMN/20230324/MODEL/"  # 1.5, the one that is written
DMN_READ = frozenset({DMN, "https://www.omg.org/spec/DMN/20211108/MODEL/", "https://www.omg.org/spec/DMN/20191111/MODEL/"})
OUR_LANGUAGE = "urn:batchwright:expression:1"
# A table that says FEEL, or nothing, is read as well: most of its cells mean the same in our language, and a cell that is
# none of ours is refused where it stands.
_FEEL = frozenset({f"https://www.omg.org/spec/DMN/{day}/FEEL/" for day in ("20230324", "20211108", "20191111")})
LANGUAGES = _FEEL | {"", OUR_LANGUAGE, "feel"}

TYPE_OF: dict[str, str] = {
    **dict.fromkeys(("number", "integer", "long", "double", "decimal"), "num"),
    "boolean": "bool",
    "string": "text",
    **dict.fromkeys(("dateTime", "date and time"), "date_time"),
}
WRITTEN_TYPE = {"num": "number", "bool": "boolean", "text": "string", "choice": "string", "date_time": "dateTime"}
