"""How the API user is made in Marketo that an account stands for: role, user, custom service."""

from syncline.providers.port import Instruction

ACCOUNT_GUIDE = (
    Instruction(
        "Make a role",
        "In Marketo go to Admin, Users & Roles, Roles, New Role. Under Access API tick these permissions and no "
        "others.",
        (
            ("Role Name", "Syncline API"),
            ("Permission", "Read-Write Person"),
            ("Permission", "Read-Write Schema Custom Field"),
            ("Permission", "Read-Only Company"),
        ),
    ),
    Instruction(
        "Make an API-only user",
        "Under Users choose Invite New User. The e-mail address is only a name here. Give it the role you have just "
        "made and tick API Only.",
        (("First Name", "Syncline"), ("Role", "Syncline API"), ("Tick", "API Only")),
    ),
    Instruction(
        "Make a custom service",
        "Go to Admin, LaunchPoint, New, New Service, and choose the API-only user.",
        (("Display Name", "Syncline"), ("Service", "Custom"), ("Description", "Keeps people in sync with the CRM")),
    ),
    Instruction(
        "Copy Client Id and Client Secret",
        "In the row of the service choose View Details: both are there. Enter them here.",
    ),
    Instruction(
        "Copy the address of the instance",
        "Go to Admin, Web Services. Under REST API the Endpoint begins with the address, such as "
        "https://123-ABC-456.mktorest.com.",
    ),
)
