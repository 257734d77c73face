"""What an org may use up: calls, events, mails, storage, by its edition, and how much of it is left.

Law: only what is counted here goes down; the rest stands still at its most.
"""

from typing import TYPE_CHECKING

from syncline_sim.salesforce import editions
from syncline_sim.salesforce.bulk import usage

if TYPE_CHECKING:
    from syncline_sim.salesforce.orgs import Org
    from syncline_sim.salesforce.tokens import Login
    from syncline_sim.world import World

#: Events that were sent to clients who listen.
DELIVERED = "DailyDeliveredPlatformEvents"
#: What is the same in every edition, and used up by nothing here.
_ALWAYS = {
    "ConcurrentAsyncGetReportInstances": 200,
    "ConcurrentSyncReportRuns": 20,
    "DailyAsyncApexExecutions": 250_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DailyDurableGenericStreamingApiEvents": 10_000,
    "DailyGenericStreamingApiEvents": 10_000,
    "DailyStandardVolumePlatformEvents": 25_000,
    "DailyWorkflowEmails": 1000,
    "HourlyAsyncReportRuns": 1200,
    "HourlyDashboardRefreshes": 200,
    "HourlyDashboardResults": 5000,
    "HourlyDashboardStatuses": 999_999_999,
    "HourlyODataCallout": 20_000,
    "HourlySyncReportRuns": 500,
    "HourlyTimeBasedWorkflow": 1000,
    "MassEmail": 5000,
    "SingleEmail": 5000,
}
#: Only who may manage users is told of them.
_STORAGE = ("DataStorageMB", "FileStorageMB")


def daily_calls(world: "World", org: "Org") -> int:
    """Answer how many calls an org may make in any 24 hours."""
    said = int(world.switches["salesforce"]["api_limit"])
    if said:
        return said
    if org.is_sandbox:
        return editions.SANDBOX_CALLS
    kind, settings = org.kind, org.settings
    return kind.daily_calls + settings.licences * kind.calls_per_licence + settings.bought_calls


def report(world: "World", login: "Login", used: int) -> dict[str, dict[str, int]]:
    """Answer all limits of an org that has made so many calls, each with its most and what is left, by name."""
    org = login.org
    calls = daily_calls(world, org)
    events = org.kind.delivered_events
    clients = int(world.switches["salesforce"]["streaming_clients"])
    found = {name: _left(most) for name, most in _ALWAYS.items()}
    found |= {
        "DailyApiRequests": _left(calls, used),
        DELIVERED: _left(events, usage.used(world, org.id, DELIVERED)),
        "HourlyPublishedPlatformEvents": _left(org.kind.published_events),
        "DurableStreamingApiConcurrentClients": _left(clients, world.listeners(org.id)),
        "StreamingApiConcurrentClients": _left(clients),
    }
    found |= usage.limits(world, org.id)
    if login.user.may("ManageUsers"):
        found |= dict(zip(_STORAGE, map(_left, (org.kind.data_mb, org.kind.file_mb)), strict=True))
    return dict(sorted(found.items()))


def _left(most: int, used: int = 0) -> dict[str, int]:
    return {"Max": most, "Remaining": max(0, most - used)}
