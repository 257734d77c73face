"""Searches: what words are looked for, in which fields, and what of the records that have them is told."""
