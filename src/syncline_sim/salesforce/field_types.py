"""What a field is: its type in the vendor's words, how SQLite keeps it and how it is written in JSON."""

from collections.abc import Callable
from dataclasses import dataclass

#: The vendor's types and how values are kept: INTEGER is a number, a truth (0, 1) or whole seconds since the epoch.
STORAGE = {
    "id": "TEXT",
    "reference": "TEXT",
    "date": "TEXT",
    "string": "TEXT COLLATE NOCASE",
    "email": "TEXT COLLATE NOCASE",
    "phone": "TEXT COLLATE NOCASE",
    "url": "TEXT COLLATE NOCASE",
    "picklist": "TEXT COLLATE NOCASE",
    "multipicklist": "TEXT COLLATE NOCASE",
    "textarea": "TEXT COLLATE NOCASE",
    "address": "TEXT",
    "boolean": "INTEGER",
    "int": "INTEGER",
    "datetime": "INTEGER",
    "double": "REAL",
    "currency": "REAL",
    "percent": "REAL",
}
TEXTS = frozenset(name for name, storage in STORAGE.items() if storage.startswith("TEXT")) - {"date", "address"}
NUMBERS = frozenset({"int", "double", "currency", "percent"})
LENGTHS = {
    "id": 18,
    "reference": 18,
    "string": 255,
    "email": 80,
    "phone": 40,
    "url": 255,
    "picklist": 255,
    "multipicklist": 4099,
    "textarea": 255,
}
UNGROUPABLE = frozenset({"double", "currency", "percent", "datetime", "multipicklist", "address"})
#: Of formulas only these can be grouped by: https://salesforce.stackexchange.com/a/235529
_GROUPABLE_FORMULAS = frozenset({"boolean", "date"})
#: A text area that is longer than this is a long one: it can be neither filtered nor sorted by.
LONG_TEXT = 255
#: How long describe says that the text of a formula may be.
_FORMULA_TEXT = 1300
_MOMENT = """'"' || strftime('%Y-%m-%dT%H:%M:%S', {0}, 'unixepoch') || '.000+0000"'"""
_JSON = {
    "boolean": "iif({0}, 'true', 'false')",
    "datetime": f"coalesce({_MOMENT}, 'null')",
    "address": "{0}",
}


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of an object.

    `expression` computes it from others of its record, in SQL; `crossing` from those of a parent too, and then it has
    no column. Neither can be written, and what they answer changes without a write of the record.
    """

    name: str
    label: str
    type: str = "string"
    length: int = 0
    read_only: bool = False
    required: bool = False
    calculated: bool = False
    expression: str = ""
    crossing: str = ""  #: `{0}` stands for the record
    formula: str = ""  #: how an admin would write it
    settable: bool = False  #: read-only once the record is there
    values: tuple[str, ...] = ()
    reference_to: tuple[str, ...] = ()
    external_id: bool = False

    @property
    def custom(self) -> bool:
        """Whether the org's admin made it."""
        return self.name.endswith("__c")

    @property
    def size(self) -> int:
        """The greatest length of a text, 0 for what is no text."""
        return self.length or LENGTHS.get(self.type, 0)

    @property
    def writable(self) -> bool:
        """Whether the API may set it."""
        return not (self.read_only or self.computed)

    @property
    def createable(self) -> bool:
        """Whether the API may set it in a new record."""
        return self.writable or self.settable

    @property
    def computed(self) -> bool:
        """Whether it follows from other fields."""
        return bool(self.expression or self.crossing)

    @property
    def filterable(self) -> bool:
        """Whether SOQL may filter and sort by it."""
        return self.type != "address" and not (self.type == "textarea" and self.size > LONG_TEXT)

    @property
    def sortable(self) -> bool:
        """Whether SOQL may sort by it."""
        return self.filterable and self.type != "multipicklist"

    @property
    def groupable(self) -> bool:
        """Whether SOQL may group by it."""
        if self.calculated and self.type not in _GROUPABLE_FORMULAS:
            return False
        return self.filterable and self.type not in UNGROUPABLE

    @property
    def aggregatable(self) -> bool:
        """Whether the aggregate functions of SOQL take it."""
        return self.filterable and self.type != "boolean"

    @property
    def column(self) -> str:
        """Its definition as a column."""
        storage = STORAGE[self.type]
        computed = f" GENERATED ALWAYS AS ({self.expression}) VIRTUAL" if self.expression else ""
        return f'"{self.name}" {storage}{computed}'

    def sql(self, record: str) -> str:
        """Answer the SQL expression of its value in a record, which is named as a table or an alias of one."""
        if not self.crossing:
            return f'{record}."{self.name}"'
        # A parent that is not there has no values, and no formulas either.
        value = f'iif({record}."Id" IS NULL, NULL, {self.crossing.format(record)})'
        return f"({value}{' COLLATE NOCASE' if self.type in TEXTS else ''})"

    def as_json(self, sql: str) -> str:
        """Answer the SQL expression that writes a value as JSON which is of this type and is found there."""
        return _JSON.get(self.type, "json_quote({0})").format(sql)


def text(name: str, label: str, length: int = 0, *, required: bool = False) -> FieldSpec:
    """Declare a plain text."""
    return FieldSpec(name, label, "string", length, required=required)


def boolean(name: str, label: str, *, read_only: bool = False) -> FieldSpec:
    """Declare a truth, which is never null."""
    return FieldSpec(name, label, "boolean", read_only=read_only, required=True)


def picklist(name: str, label: str, *values: str) -> FieldSpec:
    """Declare a choice of one."""
    return FieldSpec(name, label, "picklist", values=values)


def reference(name: str, label: str, *to: str, read_only: bool = False, required: bool = False) -> FieldSpec:
    """Declare a look-up of another record."""
    return FieldSpec(name, label, "reference", read_only=read_only, required=required, reference_to=to)


def system(name: str, label: str, kind: str) -> FieldSpec:
    """Declare what the vendor writes itself and is never null."""
    return FieldSpec(name, label, kind, read_only=True, required=True)


def formula(name: str, label: str, kind: str, text: str, *, expression: str = "", crossing: str = "") -> FieldSpec:
    """Declare what an admin computes from other fields: how it is written there, and the SQL for it."""
    return FieldSpec(
        name,
        label,
        kind,
        length=_FORMULA_TEXT if kind == "string" else 0,
        read_only=True,
        required=kind == "boolean",
        calculated=True,
        expression=expression,
        crossing=crossing,
        formula=text,
    )


def typed(kind: str) -> Callable[..., FieldSpec]:
    """Answer how a field of this type is declared: name, label and, if need be, a length."""

    def declare(name: str, label: str, length: int = 0) -> FieldSpec:
        return FieldSpec(name, label, kind, length)

    return declare
