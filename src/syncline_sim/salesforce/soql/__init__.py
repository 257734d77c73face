"""SOQL, as much of it as a connector that reads records needs: text to tokens to a tree to SQL."""
