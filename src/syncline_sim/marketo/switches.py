"""What can be set about the instance while it runs, and what holds at first."""

from typing import Any

#: Times are in seconds. `rate_limit` calls per `rate_window`, `concurrency_limit` at once, `daily_limit` a day.
DEFAULTS: dict[str, Any] = {
    "native_crm": False,  # a native CRM sync closes companies, opportunities, roles and sales persons (1018)
    "native_crm_reads": False,  # the vendor contradicts itself: with a native sync these may stay readable
    "custom_object_schema": True,  # kinds of custom objects are made by the API in some subscriptions only (616)
    "company_fields_closed": False,  # fields of the company record are refused in Sync Leads (1021)
    "daily_limit": 50_000,
    "daily_limit_reached": False,
    "rate_limit": 100,
    "rate_window": 20,
    "concurrency_limit": 10,
    "token_lifetime": 3599,
    "upsert_race_window": 0,  # a person younger than this is not seen by other upserts: duplicates, as in life
    "sparse_activity_pages": False,  # pages of activities may be short or empty though there is more, as in life
    "bulk_seconds": 60,  # how long a bulk job takes
    "bulk_hurry": True,  # a bulk job is done as soon as somebody has seen it run, however long it would have taken
    "bulk_failures": 0,  # so many of the next bulk jobs come to nothing
    "bulk_quota": 500,  # how many megabytes may be exported in a day
    "bulk_updated_at": True,  # people can be exported by updatedAt; there are subscriptions without it (1035)
    "webhook_timeout": 30,  # how long a webhook may take to answer, by the clock on the wall
    "latency": 0,  # how long every call is worked on; lets calls overlap
}
