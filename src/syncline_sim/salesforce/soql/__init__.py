"""SOQL from its text to rows: tokens, a tree, what its names mean to who asks, and SQL that is bound, never built."""
