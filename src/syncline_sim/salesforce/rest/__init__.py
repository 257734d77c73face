"""The REST resources of the data API: describes, records, external ids, what has changed, and calls in calls."""
