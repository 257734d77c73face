"""Webhooks: HTTP calls that a campaign makes for a person, and whose answers it writes back onto the person."""
