"""Syncline connects a Salesforce org to a Marketo instance over OAuth 2.0 and keeps the two in sync."""

__version__ = "0.1.0"
