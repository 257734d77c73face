"""Change Data Capture: events of what was written, and the CometD door at which clients wait for them."""
