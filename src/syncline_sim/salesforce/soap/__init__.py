"""The SOAP endpoints, partner and enterprise."""

from syncline_sim.salesforce.soap.door import add_routes
from syncline_sim.salesforce.soap.envelope import PREFIX, fault
from syncline_sim.salesforce.soap.peek import Peek, peek

__all__ = ["PREFIX", "Peek", "add_routes", "fault", "peek"]
