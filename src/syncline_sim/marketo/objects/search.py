"""Finding records of any kind by a field, or by several at once, page by page (page "Lead Database")."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from multidict import MultiDict

from syncline_sim.marketo import values
from syncline_sim.marketo.call import MAX_BATCH, Call, next_page
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.objects.records import Records
from syncline_sim.marketo.objects.sync import named
from syncline_sim.marketo.values import Value

_JSON = "application/json"


def search(call: Call, records: Records) -> dict[str, Any]:
    """Answer the records that have one of the values."""
    # When a key has several fields, the question stands in a JSON body, and its values are an array of objects there.
    in_body = call.content_type == _JSON and bool(call.body.strip())
    asked = dataclasses.replace(call, parameters=_parameters(call)) if in_body else call
    key = _key(records, asked.required("filterType"))
    wanted = [named(records, key, sent) for sent in call.records()] if in_body else _values(call, records, key)
    names, size, after = records.kind.names(asked.listed("fields")), asked.batch_size(), asked.position()
    rest = [record for record in records.find(key, wanted) if record.number > after]
    page = rest[:size]
    more = next_page(page[-1].number) if len(rest) > size else {}
    return {"result": [{"seq": seq, **record.view(names)} for seq, record in enumerate(page)], **more}


def _parameters(call: Call) -> MultiDict[str]:
    parameters = MultiDict(call.parameters)
    for name, value in call.document().items():
        if name != "input":
            parameters.extend((name, str(one)) for one in (value if isinstance(value, list) else [value]))
    return parameters


def _key(records: Records, name: str) -> tuple[str, ...]:
    known = (*records.kind.keys, (records.kind.id_field,))
    aliases = {"dedupefields": records.kind.dedupe_fields, "idfield": (records.kind.id_field,)}
    by_name = {",".join(key).lower(): key for key in known}
    key = aliases.get(name.lower()) or by_name.get(name.lower())
    if key is None:
        raise VendorError("1003", f"Invalid filterType '{name}'")
    return key


def _values(call: Call, records: Records, key: tuple[str, ...]) -> list[Mapping[str, Value]]:
    if len(key) > 1:
        raise VendorError("1003", "Several fields can be searched by only in a JSON body")
    listed = call.listed("filterValues")
    if not listed:
        raise VendorError("1002", "filterValues")
    if len(listed) > MAX_BATCH:
        raise VendorError("1003", f"Number of filterValues exceeds the maximum of {MAX_BATCH}")
    field = records.kind.field(key[0])
    found: list[Mapping[str, Value]] = []
    for text in listed:
        try:
            found.append({field.name: values.coerce(field, text)})
        except VendorError:
            continue  # Nothing can have what the field cannot hold.
    return found
