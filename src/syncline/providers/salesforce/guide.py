"""How the app is registered in Salesforce's own Setup, with the exact values.

The pages are those of 2026: a new app is a local External Client App; a Connected App can only be one that exists.
"""

from syncline.providers.port import Instruction

_SCOPES = (
    ("Selected OAuth Scope", "Manage user data via APIs (api)"),
    ("Selected OAuth Scope", "Perform requests at any time (refresh_token, offline_access)"),
    ("Selected OAuth Scope", "Access the identity URL service (id, profile, email, address, phone)"),
)
_WHY_SCOPES = (
    "These three scopes and no others: read records, go on working after you close this window, and see who logged in."
)


def app_guide(redirect_uri: str) -> dict[str, tuple[Instruction, ...]]:
    """Answer the steps for each kind of app."""
    return {"External Client App": _external(redirect_uri), "Existing Connected App": _connected(redirect_uri)}


def _external(redirect_uri: str) -> tuple[Instruction, ...]:
    return (
        Instruction(
            "Open the External Client App Manager",
            "In Salesforce, go to Setup, type External Client App Manager into Quick Find, open it and choose New "
            "External Client App. Do this in the org that is to be connected: a sandbox needs an app of its own.",
        ),
        Instruction(
            "Fill in Basic Information",
            "The contact e-mail is yours. Local means that the app belongs to this org alone, so that nothing has to "
            "be installed and no other org shares its secret.",
            (
                ("External Client App Name", "Syncline"),
                ("API Name", "Syncline"),
                ("Distribution State", "Local"),
            ),
        ),
        Instruction(
            "Enable OAuth",
            "Under API (Enable OAuth Settings) tick Enable OAuth. The callback URL must match to the letter. "
            + _WHY_SCOPES,
            (("Callback URL", redirect_uri), *_SCOPES),
        ),
        Instruction(
            "Set Flow Enablement and Security",
            "Leave every box under Flow Enablement empty. Under Security tick these four; leave out JWT-based access "
            "tokens.",
            (
                ("Tick", "Require secret for Web Server Flow"),
                ("Tick", "Require secret for Refresh Token Flow"),
                ("Tick", "Require Proof Key for Code Exchange (PKCE) extension for Supported Authorization Flows"),
                ("Tick", "Enable Refresh Token Rotation"),
            ),
        ),
        Instruction(
            "Create the app and set its policies",
            "Choose Create. On the Policies tab choose Edit: keep the refresh token valid until it is revoked, and "
            "let the sync user in. A new app works after some minutes, at times only after thirty.",
            (
                ("Permitted Users", "All users may self-authorize"),
                ("Refresh Token Policy", "Refresh token is valid until revoked"),
            ),
        ),
        Instruction(
            "Reveal the Consumer Key and Secret",
            "On the Settings tab, under OAuth Settings, choose Consumer Key and Secret. Salesforce sends you a "
            "verification code by e-mail; type it in. Keep the page open: the next step here asks for both.",
        ),
    )


def _connected(redirect_uri: str) -> tuple[Instruction, ...]:
    return (
        Instruction(
            "Open the app",
            "Since Spring '26 Salesforce lets nobody create a Connected App, but one that exists goes on working. In "
            "Setup, type App Manager into Quick Find, find the app, and choose Edit in the menu of its row.",
        ),
        Instruction(
            "Set the OAuth settings",
            "Tick Enable OAuth Settings. The callback URL must match to the letter; one more in the list does no "
            "harm. " + _WHY_SCOPES,
            (("Callback URL", redirect_uri), *_SCOPES),
        ),
        Instruction(
            "Set the security settings and save",
            "Tick these boxes, then Save and Continue. Changes take up to ten minutes to work.",
            (
                ("Tick", "Require Secret for Web Server Flow"),
                ("Tick", "Require Secret for Refresh Token Flow"),
                ("Tick", "Require Proof Key for Code Exchange (PKCE) Extension for Supported Authorization Flows"),
            ),
        ),
        Instruction(
            "Set its policies",
            "In the menu of the app's row choose Manage, then Edit Policies. An app that was made in another org must "
            "be installed here first.",
            (
                ("Permitted Users", "All users may self-authorize"),
                ("Refresh Token Policy", "Refresh token is valid until revoked"),
            ),
        ),
        Instruction(
            "Reveal the Consumer Key and Secret",
            "In the menu of the app's row choose View, then Manage Consumer Details. Salesforce sends you a "
            "verification code by e-mail; type it in. Keep the page open: the next step here asks for both.",
        ),
    )
