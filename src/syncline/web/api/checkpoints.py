"""Checkpoints of the log, the keys that sign them, and proofs."""

from syncline.web import checkpoints
from syncline.web.checkpoints import (
    CheckpointList,
    CheckpointsAsked,
    ConsistencyAsked,
    KeyRotation,
    KeysOfCheckpoints,
    ProofOfConsistency,
    ProofOfRow,
)
from syncline.web.openapi import Api, Call

PART = Api()


@PART.route("GET", "/api/audit/checkpoints", right="read", query=CheckpointsAsked, answer=CheckpointList)
async def list_checkpoints(call: Call[None, CheckpointsAsked]) -> CheckpointList:
    """List the signed checkpoints of the log, the newest first."""
    return await checkpoints.listing(call.site, call.query)


@PART.route("GET", "/api/audit/checkpoint-keys", right="read", answer=KeysOfCheckpoints)
async def list_checkpoint_keys(call: Call[None, None]) -> KeysOfCheckpoints:
    """List the public keys that checkpoints were signed with, the present one last."""
    return await checkpoints.keys(call.site)


@PART.route(
    "POST", "/api/audit/checkpoint-keys", right="administer", body=KeyRotation, answer=KeysOfCheckpoints, status=201
)
async def rotate_checkpoint_key(call: Call[KeyRotation, None]) -> KeysOfCheckpoints:
    """Sign checkpoints with a new key from now on, which the present one endorses."""
    restored = call.body.after_restore
    await call.site.checkpoints.rotate(call.who.actor, after_restore=restored, request=call.request_id)
    return await checkpoints.keys(call.site)


@PART.route("GET", "/api/integrations/{id}/audit/{seq}/proof", right="read", answer=ProofOfRow)
async def read_proof(call: Call[None, None]) -> ProofOfRow:
    """Prove that a row is in the newest checkpoint, for somebody who has nothing but the public key."""
    return await checkpoints.proof(call.site, call.who, call.part("id"), call.part("seq"), request=call.request_id)


@PART.route("GET", "/api/audit/consistency", right="read", query=ConsistencyAsked, answer=ProofOfConsistency)
async def read_consistency(call: Call[None, ConsistencyAsked]) -> ProofOfConsistency:
    """Prove that the log was only added to between two sizes."""
    return await checkpoints.consistency(call.site, call.query)
