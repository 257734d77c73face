"""A few accounts and people, whose relations are plain to see."""

import pytest

from syncline_sim.salesforce import changes
from syncline_sim.world import World


@pytest.fixture
def acme(world: World) -> dict[str, str]:
    """Three accounts, one below another and one with nobody, and three contacts; their ids by name."""
    ids: dict[str, str] = {}

    def account(name: str, **values: object) -> None:
        ids[name] = changes.create_record(world, "Account", {"Name": name, **values}, "2026-02-01T00:00:00Z")

    def contact(name: str, **values: object) -> None:
        ids[name] = changes.create_record(world, "Contact", {"LastName": name, **values}, "2026-03-31T23:30:00-08:00")

    account("Acme", Industry="Energy", AnnualRevenue=1000.5, NumberOfEmployees=3)
    account("Branch", ParentId=ids["Acme"], Industry="Energy", NumberOfEmployees=4)
    account("Empty", Industry="Media")
    contact("Ann", AccountId=ids["Acme"], Title="CEO")
    contact("Bob", AccountId=ids["Acme"], ReportsToId=ids["Ann"], Title="Clerk")
    contact("Cleo", AccountId=ids["Branch"], ReportsToId=ids["Bob"], Title="Clerk")
    contact("Dan", Title="Freelancer")
    return ids
