"""Salesforce as a source: its login, its records and what it says when something is wrong."""
