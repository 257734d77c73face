"""The statements of the search index, which only SQLite knows; `index.py` says what they are for."""

from functools import cache

#: Raised with each change of what is in the file; a file with another number is made anew.
FORMAT = 1

SCHEMA = (
    # How far it goes, and the hash of that row: by it the log is known again.
    "CREATE TABLE progress (watermark INTEGER NOT NULL, hash BLOB NOT NULL)",
    "INSERT INTO progress VALUES (0, x'')",
    # The rows of the last segment. `columnsize` and `detail` are for ranking and phrases, which nobody asks for.
    "CREATE VIRTUAL TABLE latest USING fts5(terms, content = '', columnsize = 0, detail = none, tokenize = ascii)",
    "CREATE VIRTUAL TABLE latest_terms USING fts5vocab(latest, row)",
    "CREATE VIRTUAL TABLE latest_places USING fts5vocab(latest, instance)",
    # The full segments: where in one a term is, as `postings.py` writes it.
    """CREATE TABLE postings (
           segment INTEGER NOT NULL, term TEXT NOT NULL, places NOT NULL, PRIMARY KEY (segment, term)) WITHOUT ROWID""",
    # The earliest and the latest moment of each 1,024 positions.
    "CREATE TABLE zones (zone INTEGER PRIMARY KEY, earliest INTEGER NOT NULL, latest INTEGER NOT NULL)",
    f"PRAGMA user_version = {FORMAT}",
)

FITS = """
SELECT watermark = 0 OR hash = (SELECT hash FROM log.audit WHERE position = watermark) FROM progress
"""

NEXT = """
SELECT (SELECT position FROM log.audit WHERE position > ? ORDER BY position LIMIT 1),
       (SELECT max(position) FROM log.audit)
"""


def _field(path: str, key: str, kind: str) -> str:
    return f"WHEN path = '{path}' AND key = '{key}' THEN '§{kind}' || hex(atom) || ' '"


def _state(column: str, kind: str) -> str:
    """The state and, of a nested one, the state that it lies in."""
    outer = f"' §{kind}' || hex(substr({column}, 1, instr({column}, '.') - 1))"
    return f"' §{kind}' || hex({column}) || iif(instr({column}, '.'), {outer}, '')"


#: The terms of rows: one for each column and field that is asked for by name (`§`, a letter, the value in hexadecimal),
#: and the words of all texts but those of `filter.WORDLESS`. A row whose bytes are no JSON has those of its columns.
ADD = f"""
INSERT INTO latest (rowid, terms)
SELECT position,
       '§i' || hex(integration) || ' §e' || hex(type) || ' §d' || hex(disposition)
       || {_state("origin", "f")} || {_state("target", "t")} || ' '
       || coalesce(CASE WHEN json_valid(text) THEN (
              SELECT group_concat(CASE
                         {_field("$.actor", "kind", "k")}
                         {_field("$.actor", "id", "a")}
                         {_field("$", "request", "r")}
                         {_field("$", "cause", "c")}
                         ELSE '' END || atom, ' ')
                FROM json_tree(text) AS part
               WHERE part.type = 'text' AND substr(path, 1, 9) <> '$.context'
                 AND NOT (path = '$' AND key = 'digest')
          ) END, '')
  FROM (SELECT *, CAST(content AS TEXT) AS text FROM log.audit WHERE position BETWEEN ? AND ? ORDER BY position)
"""  # noqa: S608  only literals of this file are put together

NOTE_MOMENTS = """
INSERT INTO zones
SELECT position >> 10, min(at), max(at) FROM log.audit WHERE position BETWEEN ? AND ? GROUP BY 1
    ON CONFLICT (zone) DO UPDATE
   SET earliest = min(earliest, excluded.earliest), latest = max(latest, excluded.latest)
"""

NOTE_PROGRESS = """
UPDATE progress SET (watermark, hash) = (
    SELECT position, hash FROM log.audit WHERE position <= ? ORDER BY position DESC LIMIT 1)
"""

FREEZE = """
INSERT INTO postings
SELECT ?, term, group_concat(doc & 65535, ' ') FROM latest_places
 WHERE term NOT IN (SELECT value FROM json_each(?)) GROUP BY term
"""

PLACES_OF = "SELECT group_concat(doc & 65535, ' ') FROM latest_places WHERE term = ?"

#: What the log no longer has.
FORGET = "DELETE FROM postings WHERE segment < (SELECT min(position) >> 16 FROM log.audit)"

ZONES = "SELECT zone FROM zones WHERE latest >= ? AND earliest < ? AND zone BETWEEN ? AND ? ORDER BY zone"

LATEST = "SELECT rowid FROM latest WHERE latest MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid LIMIT ?"
LATEST_BACK = "SELECT rowid FROM latest WHERE latest MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid DESC LIMIT ?"


@cache
def places(terms: int) -> str:
    """Answer the statement that reads the lists of so many terms in a segment."""
    return f"SELECT term, places FROM postings WHERE segment = ? AND term IN ({', '.join('?' * terms)})"  # noqa: S608
