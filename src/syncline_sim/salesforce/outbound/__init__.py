"""Outbound Messages: SOAP calls that tell others that a record was written."""
