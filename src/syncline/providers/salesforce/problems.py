"""The entries that Salesforce adds to the error catalogue: about the app and the login."""

from syncline.errors import Problem
from syncline.providers.salesforce.data_problems import DATA_PROBLEMS

_LOGIN_PROBLEMS = (
    Problem(
        "salesforce.host_not_allowed",
        "This is not a Salesforce login host.",
        "Key, secret and tokens are sent only to login.salesforce.com, test.salesforce.com and My Domain addresses "
        "that end in .my.salesforce.com, and only over https.",
        "Enter one of these. In Salesforce, Setup, My Domain shows the address of your org.",
        "admin",
    ),
    Problem(
        "salesforce.wrong_key",
        "Salesforce does not know this Consumer Key.",
        "The key was copied incompletely, belongs to another org or to a deleted app, or the app is so new that "
        "Salesforce does not use it yet.",
        "Copy the Consumer Key again and save it. After creating an app wait some minutes, at most thirty. If your "
        "org has a My Domain or is a sandbox, check the login host too.",
        "admin",
    ),
    Problem(
        "salesforce.wrong_secret",
        "The Consumer Key is right, but the Consumer Secret is not.",
        "The secret was copied incompletely, or a new one has been made in Salesforce since.",
        "Reveal the Consumer Secret again in Salesforce, copy it and save it here.",
        "admin",
    ),
    Problem(
        "salesforce.redirect_mismatch",
        "The app in Salesforce has another callback URL.",
        "Salesforce compares the callback URL with the app's list letter by letter.",
        "Copy the callback URL from the registration step into the app's settings in Salesforce, save, wait some "
        "minutes and log in again.",
        "salesforce_admin",
    ),
    Problem(
        "salesforce.denied",
        "The person at the Salesforce page chose Deny.",
        "Without the approval there is no access.",
        "Log in again and choose Allow.",
        "admin",
    ),
    Problem(
        "salesforce.code_expired",
        "The login took too long to come back, or came back twice.",
        "Salesforce's authorization code is valid once and for some minutes.",
        "Log in again.",
        "admin",
    ),
    Problem(
        "salesforce.verifier_refused",
        "Salesforce refused the proof that the login was started here (PKCE).",
        "The login that came back was not the one that was started, or the browser sent an old one.",
        "Log in again, in one browser window.",
        "admin",
    ),
    Problem(
        "salesforce.pkce_required",
        "Salesforce asked for a PKCE code challenge and did not see one.",
        "Syncline always sends one, so a proxy or a browser extension has cut the login address short.",
        "Log in again from another browser; if it stays, look at what stands between you and Salesforce.",
        "admin",
    ),
    Problem(
        "salesforce.login_refused",
        "Salesforce refused the login.",
        "The user may be locked, the app may have been changed meanwhile, or the code was already used.",
        "Log in again. If it stays, look at the user's Login History in Salesforce: it has the reason.",
        "salesforce_admin",
    ),
    Problem(
        "salesforce.not_approved",
        "This user may not use the app.",
        "The app's policy lets in only users whom an admin has approved, and this user's profile or permission set "
        "is not on the list.",
        "In the app's Policies set Permitted Users to All users may self-authorize, or add the sync user's profile "
        "or permission set. Then log in again.",
        "salesforce_admin",
    ),
    Problem(
        "salesforce.app_blocked",
        "An admin has blocked this app in Salesforce.",
        "The app, or the flow it uses, is blocked for the whole org.",
        "In Setup, Connected Apps OAuth Usage, unblock the app; in its settings see that OAuth is enabled.",
        "salesforce_admin",
    ),
    Problem(
        "salesforce.app_not_installed",
        "The app is not installed in this org.",
        "The app was made in another org. Since September 2025 Salesforce blocks apps that are not installed, and a "
        "local app is not copied to sandboxes.",
        "Make a local External Client App in the very org that is to be connected, and save its key and secret. For "
        "an existing Connected App choose Install in Setup, Connected Apps OAuth Usage.",
        "salesforce_admin",
    ),
    Problem(
        "salesforce.cross_org",
        "The app belongs to another org and may be used only there.",
        "A local External Client App works only with users of the org in which it was made.",
        "Log in as a user of the app's org, or make an app in the org that you want to connect.",
        "admin",
    ),
    Problem(
        "salesforce.missing_scope",
        "The app does not grant the scopes that are needed.",
        "The app lacks one of the scopes api, refresh_token and id.",
        "Add the three scopes to the app in Salesforce, save, wait some minutes and log in again.",
        "salesforce_admin",
    ),
    Problem(
        "salesforce.no_refresh_token",
        "Salesforce gave no refresh token.",
        "The app's refresh token policy lets it expire at once, or the scope refresh_token is missing.",
        "In the app's Policies set the refresh token to be valid until revoked, and add the scope. Then log in again.",
        "salesforce_admin",
    ),
    Problem(
        "salesforce.inactive_user",
        "The sync user is not active in Salesforce.",
        "The user was deactivated or frozen.",
        "Activate or unfreeze the user in Salesforce, then log in again.",
        "salesforce_admin",
    ),
    Problem(
        "salesforce.inactive_org",
        "The org is locked, closed or suspended.",
        "Salesforce lets nobody log in to it.",
        "Ask Salesforce why; log in again when it is open.",
        "salesforce_admin",
    ),
    Problem(
        "salesforce.ip_restricted",
        "Salesforce refuses logins from this server's address, or at this hour.",
        "The user's profile has login IP ranges or hours, the app has an IP allow-list for refresh tokens, or the "
        "address belongs to an anonymizing network, which Salesforce blocks.",
        "Add this server's outgoing address to the app's Refresh Token IP Allowlist and to the profile's login IP "
        "ranges, or relax IP restrictions in the app's Policies.",
        "salesforce_admin",
        retryable=True,
    ),
    Problem(
        "salesforce.login_rate_exceeded",
        "Salesforce counts too many logins of this user.",
        "A user may log in 3,600 times an hour over all apps.",
        "A sync is tried again by itself; anything else, try again in an hour. If it stays, find what else logs in as "
        "this user.",
        "nobody",
        retryable=True,
    ),
    Problem(
        "salesforce.bad_signature",
        "The answer to the login is not signed as Salesforce signs it.",
        "The Consumer Secret has just been replaced, or something between here and Salesforce changes answers.",
        "Save the current Consumer Secret and log in again. If it stays, have the network looked at before you go on.",
        "operator",
    ),
    Problem(
        "salesforce.wrong_token_type",
        "The answer to the login has a token of a kind that is not used here.",
        "Salesforce gives bearer tokens; something between here and Salesforce changes answers, or the login host is "
        "none of Salesforce's.",
        "Check the login host. If it is right, have the network looked at.",
        "operator",
    ),
    Problem(
        "salesforce.hostile_instance",
        "Salesforce named a server that is not Salesforce's.",
        "An answer says that the org lives on a host outside Salesforce's domains. No token was sent there.",
        "Check the login host. If it is right, have the network looked at: somebody may be changing answers.",
        "operator",
    ),
    Problem(
        "salesforce.unknown_refusal",
        "Salesforce refused with a reason that is not known here.",
        "Salesforce's own words are in the detail.",
        "Look the words up in Salesforce's help, and look at the user's Login History.",
        "salesforce_admin",
    ),
)

PROBLEMS = {problem.code: problem for problem in (*_LOGIN_PROBLEMS, *DATA_PROBLEMS)}
