"""One row of an ingest job, written to the org: created, changed or deleted, or refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncline_sim.salesforce import changes, ids, records
from syncline_sim.salesforce.failure import SalesforceError

if TYPE_CHECKING:
    from syncline_sim.salesforce.bulk.jobs import Job
    from syncline_sim.salesforce.objects import ObjectSpec
    from syncline_sim.world import World

_SHORT, _LONG = 15, 18


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a row."""

    record_id: str
    created: bool


class Writer:
    """Writes rows for one job."""

    def __init__(self, world: "World", job: "Job", spec: "ObjectSpec") -> None:
        self._world, self._job, self._spec = world, job, spec
        self._org = records.org_number(world.db, job.org_id)
        if job.external_id_field not in ("", "Id"):
            # Upserts look for every row's record by this field.
            name = job.external_id_field
            columns = f'{spec.table} (org, "{name}")'
            world.db.execute(f"CREATE INDEX IF NOT EXISTS {spec.table}_{name} ON {columns}")

    def write(self, values: Mapping[str, object]) -> Written:
        """Do what the job is for with one row; raises `SalesforceError`."""
        row = dict(values)
        record_id = str(row.pop("Id", None) or "")
        match self._job.operation:
            case "insert":
                if record_id:
                    raise _refusal("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", "Id")
                return self._create(row)
            case "update":
                if not record_id:
                    raise _refusal("MISSING_ARGUMENT", "Id not specified in an update call")
                return self._change(self._existing(record_id), row)
            case "upsert":
                return self._upsert(record_id, row)
            case operation:
                return self._delete(self._existing(record_id), hard=operation == "hardDelete")

    def _create(self, row: Mapping[str, object]) -> Written:
        job = self._job
        made = changes.create_record(self._world, self._spec.name, row, org_id=job.org_id, user_id=job.user_id)
        return Written(made, created=True)

    def _change(self, record_id: str, row: Mapping[str, object]) -> Written:
        changes.change_record(self._world, self._spec.name, record_id, row, user_id=self._job.user_id)
        return Written(record_id, created=False)

    def _delete(self, record_id: str, *, hard: bool) -> Written:
        if hard:
            self._world.db.execute(f'DELETE FROM {self._spec.table} WHERE "Id" = ?', (record_id,))  # noqa: S608
        else:
            changes.delete_record(self._world, self._spec.name, record_id, user_id=self._job.user_id)
        return Written(record_id, created=False)

    def _upsert(self, record_id: str, row: dict[str, object]) -> Written:
        name = self._job.external_id_field
        if name == "Id":
            return self._change(self._existing(record_id), row) if record_id else self._create(row)
        key = row.get(name)
        if record_id:
            message = f"The Id field should not be specified in the sobject data of an upsert by {name}."
            raise _refusal("INVALID_FIELD", message)
        if key is None:
            raise _refusal("MISSING_ARGUMENT", f"{name} not specified")
        query = f'SELECT "Id" FROM {self._spec.table} WHERE org = ? AND "{name}" = ? AND "IsDeleted" = 0'  # noqa: S608
        found = [found["Id"] for found in self._world.db.execute(query, (self._org, key))]
        if len(found) > 1:
            listed = ", ".join(found)
            message = f"{name}: more than one record found for external id field: [{listed}]"
            raise _refusal("DUPLICATE_EXTERNAL_ID", message)
        return self._change(found[0], row) if found else self._create(row)

    def _existing(self, given: str) -> str:
        spec = self._spec
        if len(given) not in (_SHORT, _LONG) or not given.startswith(spec.key_prefix):
            raise _refusal("MALFORMED_ID", f"{spec.label} ID: id value of incorrect type: {given}", "Id")
        query = f'SELECT "IsDeleted" FROM {spec.table} WHERE org = ? AND "Id" = ?'  # noqa: S608
        row = self._world.db.execute(query, (self._org, ids.full(given))).fetchone()
        if row is None:
            raise _refusal("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if row["IsDeleted"] and self._job.operation != "hardDelete":
            raise _refusal("ENTITY_IS_DELETED", "entity is deleted")
        return ids.full(given)


def _refusal(code: str, message: str, *fields: str) -> SalesforceError:
    return SalesforceError(400, code, message, fields)
