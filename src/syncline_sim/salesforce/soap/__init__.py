"""The SOAP endpoints, partner and enterprise."""

from syncline_sim.salesforce.soap.door import add_routes
from syncline_sim.salesforce.soap.envelope import PREFIX, fault

__all__ = ["PREFIX", "add_routes", "fault"]
