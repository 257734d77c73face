"""API keys and master keys."""

from syncline.store import access as stored
from syncline.web import key_commands
from syncline.web.asked import (
    KeyAsked,
)
from syncline.web.key_models import Keys, KeyView, MasterKeys, NewKey
from syncline.web.openapi import Api, Call

PART = Api()


@PART.route("GET", "/api/keys", right="administer", answer=Keys)
async def list_keys(call: Call[None, None]) -> Keys:
    """List the API keys, revoked ones too."""
    found = await call.site.store.read(stored.keys)
    return Keys(items=tuple(KeyView.of(key) for key in found))


@PART.route("POST", "/api/keys", right="administer", body=KeyAsked, answer=NewKey, status=201)
async def create_key(call: Call[KeyAsked, None]) -> NewKey:
    """Make an API key; its text is shown this once."""
    key, text = await key_commands.create(call.site, call.body, call.who.actor, request=call.request_id)
    return NewKey(**KeyView.of(key).model_dump(), key=text)


@PART.route("DELETE", "/api/keys/{id}", right="administer")
async def revoke_key(call: Call[None, None]) -> None:
    """Revoke an API key and end its sessions; the last admin key stays."""
    await key_commands.revoke(call.site, call.who, call.part("id"), request=call.request_id)


@PART.route("GET", "/api/master-keys", right="administer", answer=MasterKeys)
async def list_master_keys(call: Call[None, None]) -> MasterKeys:
    """List the master keys by id, with what each one wraps, and say where a rotation stands."""
    return MasterKeys.of(await call.site.rotation.progress())


@PART.route("POST", "/api/master-keys/rotation", right="administer", answer=MasterKeys, status=202)
async def rotate_master_key(call: Call[None, None]) -> MasterKeys:
    """Change to a new master key and wrap every data key by it, in the background; one that is under way goes on."""
    return MasterKeys.of(await call.site.rotation.begin(call.who.actor, request=call.request_id))
