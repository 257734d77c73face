"""The entries that Marketo adds to the error catalogue."""

from syncline.errors import Problem

_PROBLEMS = (
    Problem(
        "marketo.host_not_allowed",
        "This is not the address of a Marketo instance.",
        "Client id, secret and people are sent only to addresses that end in .mktorest.com, and only over https.",
        "In Marketo go to Admin, Web Services, and copy the Endpoint under REST API.",
        "admin",
    ),
    Problem(
        "marketo.wrong_credentials",
        "Marketo refused the client id or the client secret.",
        "One of them was copied incompletely, belongs to another instance, or the service or its user was deleted.",
        "In Marketo go to Admin, LaunchPoint, View Details of the service, copy both again and save them here.",
        "marketo_admin",
    ),
    Problem(
        "marketo.permission_missing",
        "The API user's role lacks a permission.",
        "A role has each permission of the API one by one.",
        "In Marketo go to Admin, Users & Roles, Roles, and add the permissions Read-Write Person, Read-Write Schema "
        "Custom Field and Read-Only Company to the role. Then run the checks again.",
        "marketo_admin",
    ),
    Problem(
        "marketo.native_crm",
        "The instance has a native CRM sync.",
        "An instance that Marketo itself keeps in sync with a CRM must not be written by a second sync.",
        "Connect an instance without a native CRM sync. One that is in use can be switched off only by Marketo's "
        "Support.",
        "marketo_admin",
    ),
    Problem(
        "marketo.subscription",
        "The subscription does not include what is needed.",
        "Marketo says that this instance has no right to the call.",
        "Ask your Marketo account executive about the feature that the detail names.",
        "marketo_admin",
    ),
    Problem(
        "marketo.quota_low",
        "Few API calls are left for today, or nobody can tell.",
        "All API users of an instance share 50,000 calls a day unless more were bought.",
        "See in Admin, Web Services, who uses them. Syncline waits when none are left.",
        "marketo_admin",
        retryable=True,
    ),
    Problem(
        "marketo.quota_reached",
        "The instance has used all its API calls of today.",
        "All API users of an instance share one number of calls, which starts anew at midnight US Central time.",
        "A sync waits and goes on by itself; anything else, try again after midnight. To shorten it, see in Admin, "
        "Web Services, who uses them.",
        "nobody",
        retryable=True,
    ),
    Problem(
        "marketo.rate_limited",
        "Marketo gets too many calls at the moment.",
        "All API users of an instance share 100 calls in 20 seconds and 10 at the same time.",
        "A sync is tried again by itself; anything else, try again in a minute. If it stays, lower "
        "SYNCLINE_TARGET_RATE and SYNCLINE_TARGET_CONCURRENCY.",
        "nobody",
        retryable=True,
    ),
    Problem(
        "marketo.unreachable",
        "Marketo does not answer as it should.",
        "Marketo is slow, down or under maintenance, or the network between is.",
        "A sync is tried again by itself; anything else, try again when Marketo answers. If it stays, look at "
        "Marketo's status page and at this server's way out.",
        "nobody",
        retryable=True,
    ),
    Problem(
        "marketo.not_found",
        "Marketo does not know the address that was called.",
        "The instance does not offer this part of the API.",
        "Check the address of the instance. If it is right, report it: this should not happen.",
        "engineer",
    ),
    Problem(
        "marketo.too_large",
        "Marketo refused a call because of its size.",
        "A record is far larger than a person should be.",
        "Take long fields out of the mapping.",
        "admin",
    ),
    Problem(
        "marketo.unknown_refusal",
        "Marketo refused with a reason that is not known here.",
        "Marketo's own words are in the detail.",
        "Look the code up in Marketo's list of error codes.",
        "marketo_admin",
    ),
)

PROBLEMS = {problem.code: problem for problem in _PROBLEMS}
