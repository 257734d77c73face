"""The entries that Salesforce adds to the error catalogue: about the grant, once there is one, and the data API."""

from syncline.errors import Problem

DATA_PROBLEMS = (
    Problem(
        "salesforce.grant_lost",
        "The authorization is gone.",
        "It was revoked in Salesforce, has expired under the app's policy, or its refresh token was used twice.",
        "Log in again as the sync user. The sync goes on from where it stopped.",
        "admin",
    ),
    Problem(
        "salesforce.refresh_collision",
        "Salesforce is still at work on another request with this token.",
        "Two requests for a new access token met.",
        "A sync is tried again by itself; anything else, try again in a moment.",
        "nobody",
        retryable=True,
    ),
    Problem(
        "salesforce.unreachable",
        "Salesforce does not answer as it should.",
        "Salesforce is slow, down or under maintenance, or the network between is.",
        "A sync is tried again by itself; anything else, try again when Salesforce answers. If it stays, look at "
        "trust.salesforce.com and at this server's way out.",
        "nobody",
        retryable=True,
    ),
    Problem(
        "salesforce.api_disabled",
        "The API is not open to this org or this user.",
        "Professional Edition has no API unless it was bought, and a user needs the permission API Enabled.",
        "Tick API Enabled in the sync user's profile or permission set. In Professional Edition ask your Salesforce "
        "account executive to switch the API on. Then run the checks again.",
        "salesforce_admin",
    ),
    Problem(
        "salesforce.session_refused",
        "Salesforce does not take this login for its API.",
        "API Access Control lets in only approved apps, or the app is tied to something else.",
        "Approve the app in Setup, API Access Control, then run the checks again.",
        "salesforce_admin",
    ),
    Problem(
        "salesforce.missing_permission",
        "The sync user may not read what is to be synced.",
        "The object, or a field that is mapped, is hidden from the user, or does not exist any more.",
        "Give the sync user read access to the object and the field (profile or permission set, Field-Level "
        "Security), or take the field out of the mapping. Then try again.",
        "salesforce_admin",
    ),
    Problem(
        "salesforce.changes_unavailable",
        "Salesforce does not tell of changes as they happen; every cycle asks for them.",
        "Change Data Capture is not switched on for the objects, or the sync user may not see all of their records.",
        "In Setup, Change Data Capture, select Lead and Contact, and give the sync user View All Data or View All "
        "Records for both. It is noticed within minutes.",
        "salesforce_admin",
        retryable=True,
    ),
    Problem(
        "salesforce.changes_limit",
        "Salesforce tells nobody else of changes for now; every cycle asks for them.",
        "The org's limit of listeners, or of events that are delivered in 24 hours, is reached.",
        "It is tried again by itself. If it stays, look in Setup, System Overview, which other program listens.",
        "salesforce_admin",
        retryable=True,
    ),
    Problem(
        "salesforce.hidden_fields",
        "The sync user cannot see some usual fields.",
        "Field-Level Security hides them, so they cannot be synced.",
        "If you want them synced, make them visible to the sync user and run the checks again.",
        "salesforce_admin",
    ),
    Problem(
        "salesforce.version_missing",
        "The org does not speak the version of the API that Syncline uses.",
        "The org's release is older than Syncline expects, or so new that the version was retired.",
        "Use the release of Syncline that fits.",
        "operator",
    ),
    Problem(
        "salesforce.limit_low",
        "Few API calls are left for today.",
        "All apps of the org share one number of calls in 24 hours.",
        "See in Setup, Company Information and API Usage, who uses them, or buy more. Syncline waits when none are "
        "left.",
        "salesforce_admin",
        retryable=True,
    ),
    Problem(
        "salesforce.limit_reached",
        "The org has used all its API calls of these 24 hours.",
        "All apps of the org share one number of calls.",
        "A sync waits and goes on by itself; anything else, try again when calls are left. To shorten it, see in "
        "Setup, API Usage, who uses them.",
        "nobody",
        retryable=True,
    ),
    Problem(
        "salesforce.locator_lost",
        "Salesforce forgot where in the result it was.",
        "The cursor of a query is kept for a limited time.",
        "A sync goes on by itself from the last record; anything else, try again.",
        "nobody",
        retryable=True,
    ),
)
