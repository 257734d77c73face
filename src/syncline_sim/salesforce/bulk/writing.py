"""One row of an ingest job, written to the org as its user may: created, changed or deleted, or refused."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from syncline_sim.salesforce import ids
from syncline_sim.salesforce.bulk import jobs
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.rest import finding, writing
from syncline_sim.salesforce.rest.writing import Saved
from syncline_sim.salesforce.transactions import Series

if TYPE_CHECKING:
    from syncline_sim.salesforce.bulk.jobs import Job
    from syncline_sim.salesforce.objects import ObjectSpec
    from syncline_sim.world import World


class Writer:
    """Writes rows for one job, whoever may still be logged in."""

    def __init__(self, world: "World", job: "Job", spec: "ObjectSpec") -> None:
        self.who = jobs.owner(world, job)
        self._job, self._spec = job, spec
        self._series = Series("bulkapi", job.version, job.client)

    def write(self, values: Mapping[str, object]) -> Saved:
        """Do what the job is for with one row; raises `SalesforceError`."""
        with self._series.next():
            return self._write(dict(values))

    def _write(self, row: dict[str, object]) -> Saved:
        record_id = str(row.pop("Id", None) or "")
        match self._job.operation:
            case "insert":
                if record_id:
                    raise _refusal("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", "Id")
                return writing.create(self.who, self._spec, row)
            case "update":
                return self._change(record_id, row)
            case "upsert":
                return self._upsert(record_id, row)
            case "delete":
                return self._delete(record_id)
            case _:
                return self._destroy(record_id)

    def _upsert(self, record_id: str, row: dict[str, object]) -> Saved:
        name = self._job.external_id_field
        if name == "Id":
            return self._change(record_id, row) if record_id else writing.create(self.who, self._spec, row)
        if record_id:
            raise _refusal("INVALID_FIELD", "The Id field should not be specified in the sobject data.")
        key = row.pop(name, None)
        if key is None:
            raise _refusal("MISSING_ARGUMENT", f"{name} not specified")
        return writing.upsert(self.who, self._spec, self._spec.by_name[name.lower()], key, row)

    def _change(self, record_id: str, row: Mapping[str, object]) -> Saved:
        if not record_id:
            raise _refusal("MISSING_ARGUMENT", "Id not specified in an update call")
        self._check(record_id)
        return writing.change(self.who, self._spec, record_id, row)

    def _delete(self, record_id: str) -> Saved:
        self._check(record_id)
        return writing.delete(self.who, self._spec, record_id)

    def _destroy(self, record_id: str) -> Saved:
        """Delete for good, also what lies in the recycle bin already."""
        try:
            self._delete(record_id)
        except SalesforceError as refusal:
            if refusal.code != "ENTITY_IS_DELETED":
                raise
        found = ids.meant(record_id)
        self.who.world.db.execute(f'DELETE FROM {self._spec.table} WHERE "Id" = ?', (found,))  # noqa: S608 - ours
        return Saved(found)

    def _check(self, record_id: str) -> None:
        """Refuse an id in the words of a bulk result; raises `SalesforceError`."""
        if not ids.meant(record_id).startswith(self._spec.key_prefix):
            raise finding.incorrect_id(self._spec, record_id)
        try:
            finding.number(self.who, self._spec, record_id)
        except SalesforceError as refusal:
            if refusal.code != "NOT_FOUND":
                raise
            raise _refusal("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id") from None


def _refusal(code: str, message: str, *fields: str) -> SalesforceError:
    return SalesforceError(400, code, message, fields)
