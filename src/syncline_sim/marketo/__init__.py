"""A Marketo instance as a connector sees it: identity, person fields, people, usage and limits, over HTTP."""
