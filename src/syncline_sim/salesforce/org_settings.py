"""What the admin of an org has set for the whole org, beside its edition."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from syncline_sim.salesforce import networks


@dataclass(frozen=True, slots=True)
class OrgSettings:
    """The settings of one org."""

    api_add_on: bool = False  #: the API was bought for an edition that does not have it
    licences: int = 0  #: each adds calls to the day, as many as the edition says
    bought_calls: int = 0  #: calls a day that were bought beside them
    instance_name: str = ""  #: empty: NA101, or CS101 for a sandbox
    trial_ends: int = 0  #: when the trial is over and the org closes, in seconds since the epoch; 0: it is no trial
    locked: bool = False  #: the vendor has locked the org
    trusted_ranges: tuple[str, ...] = ()  #: from there nobody needs a code by e-mail or a security token
    login_ranges: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  #: by profile: nobody logs in elsewhere
    ip_every_request: bool = False  #: the ranges of profiles hold for every call, not for logins only
    api_access_control: bool = False  #: only apps that an admin has approved for the user may call the API
    my_domain_only: bool = False  #: nobody logs in at the vendor's own names


def read(document: Mapping[str, Any]) -> OrgSettings:
    """Make settings of a JSON object; raises `ValueError` for what is none."""
    values = dict(document)
    unknown = values.keys() - {each.name for each in fields(OrgSettings)}
    if unknown:
        raise ValueError(f"an org has no {min(unknown)}; it has {', '.join(each.name for each in fields(OrgSettings))}")
    values["trusted_ranges"] = tuple(values.get("trusted_ranges", ()))
    values["login_ranges"] = {profile: tuple(ranges) for profile, ranges in values.get("login_ranges", {}).items()}
    for ranges in (values["trusted_ranges"], *values["login_ranges"].values()):
        networks.check(ranges)
    return OrgSettings(**values)


def changed(settings: OrgSettings, change: Mapping[str, Any]) -> OrgSettings:
    """Answer the settings with some of them changed; raises `ValueError` for what is none."""
    return read({**asdict(settings), **change})


def load(text: str) -> OrgSettings:
    """Read what `dump` has written."""
    return read(json.loads(text))


def dump(settings: OrgSettings) -> str:
    """Write settings as a text."""
    return json.dumps(asdict(settings))
