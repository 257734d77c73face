"""Faults that are put into the way of calls: by request, by object, and by schedule from a seed."""
