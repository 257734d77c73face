"""The objects around people: companies, opportunities with their roles, sales persons, and custom ones."""
