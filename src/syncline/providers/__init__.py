"""The systems Syncline talks to, one folder each; `table.py` is the only list of them."""
