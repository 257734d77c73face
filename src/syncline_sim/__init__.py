"""A simulated world to develop and test against: a Salesforce, a Marketo, a mailbox and a door to control them all.

It is not affiliated with either vendor and shares no code with the product: it is met over HTTP, like the real thing.
"""
