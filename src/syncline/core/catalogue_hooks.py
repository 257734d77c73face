"""The error catalogue, third part: what is said to those who call in, and of what has come that way."""

from syncline.errors import Problem

HOOKS: tuple[Problem, ...] = (
    Problem(
        "hook.unknown",
        "There is no hook at this address.",
        "The integration does not exist, or its secrets are erased.",
        "Take the address from the integration's status.",
        "engineer",
    ),
    Problem(
        "hook.unsigned",
        "The event is not signed.",
        "One of the headers webhook-id, webhook-timestamp and webhook-signature is missing.",
        "Sign it as Standard Webhooks describes, with the secret of this hook.",
        "engineer",
    ),
    Problem(
        "hook.bad_signature",
        "None of the signatures fits.",
        "The secret is another one, or the body was changed after it was signed.",
        "Sign the exact bytes that are sent, with the secret of this hook.",
        "engineer",
    ),
    Problem(
        "hook.too_old",
        "The event's timestamp is more than five minutes off.",
        "It was sent late, or the sender's clock is wrong.",
        "Set the sender's clock; sign each try anew with the present time.",
        "engineer",
    ),
    Problem(
        "hook.malformed",
        "The signed event cannot be read.",
        "The headers are not those of Standard Webhooks, or the body is not {type, timestamp, data} in JSON.",
        "Compare it with the description in the documentation.",
        "engineer",
    ),
    Problem(
        "hook.type_not_allowed",
        "A hook may not send this type of event.",
        "Only checks and sync runs may be asked for, paused and resumed from outside.",
        "Send one of the types that the documentation lists.",
        "engineer",
    ),
    Problem(
        "hook.wrong_secret",
        "The secret of this address is not the right one.",
        "The address, or the header that belongs to it, was changed or belongs to something else.",
        "Take both from the page of the integration's hooks; change the secret there if they are lost.",
        "engineer",
    ),
    Problem(
        "hook.foreign",
        "The message comes from another organization than the one that is connected.",
        "The address was entered in another org, or in a sandbox, or nothing is connected yet.",
        "Send it from the connected org only; take the address out of the other one, and change it here.",
        "admin",
    ),
    Problem(
        "hook.too_many_secrets",
        "The hook has too many secrets at once.",
        "It was changed several times, and the former secrets are still inside their overlap.",
        "Wait until one has ended, or change it without an overlap, which ends all of them at once.",
        "admin",
    ),
    Problem(
        "hook.empty_secret",
        "A hook has a secret that is empty or too short.",
        "The database was changed by something else than Syncline, since it makes none of these.",
        "Restore the database from a copy; everybody could sign for that hook.",
        "operator",
    ),
    Problem(
        "key.in_flight",
        "A request with this idempotency key is still being worked on.",
        "It was sent twice at the same time.",
        "Wait for the first answer, or send it again in a moment.",
        "nobody",
        retryable=True,
    ),
    Problem(
        "inbox.unknown",
        "There is no such request in the inbox.",
        "The id is misspelt, or the request was forgotten because of its age or of the inbox's size.",
        "Take the id from the list of the inbox.",
        "admin",
    ),
    Problem(
        "inbox.not_replayable",
        "This request cannot be replayed.",
        "It was never shown to come from whom it says, or what a replay needs is not kept any more.",
        "Let the sender send it again.",
        "admin",
    ),
)
