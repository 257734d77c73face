"""Marketo as a target: its people, their fields, and what it says when something is wrong."""
