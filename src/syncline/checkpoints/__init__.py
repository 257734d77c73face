"""Checkpoints: signed while the service runs, taken to places outside, held against the log at each start."""
