"""Relations: fields of parents, lists of children, and ids among those that another query finds."""

import json
from itertools import product
from typing import Any

import pytest

from syncline_sim.salesforce import changes, objects, orgs, query
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.world import World
from tests.sim.salesforce.conftest import ask, log_in

ADDRESS = "/services/data/v67.0/sobjects"


def names(world: World, *soql: str) -> list[str]:
    """Answer the names of what is found."""
    return [record["Name"] for record in ask(world, *soql)]


def test_parents(world: World, acme: dict[str, str]) -> None:
    """Fields of parents come as records within the record, each parent once and where it was named first."""
    soql = "SELECT Name, Account.Name, ReportsTo.Account.Name, account.PARENT.name, Account.Owner.Username FROM Contact"
    found = ask(world, soql, "WHERE LastName = 'Cleo'")[0]
    assert list(found) == ["attributes", "Name", "Account", "ReportsTo"]
    assert list(found["Account"]) == ["attributes", "Name", "Parent", "Owner"]
    assert found["Account"]["attributes"] == {"type": "Account", "url": f"{ADDRESS}/Account/{acme['Branch']}"}
    assert found["Account"]["Parent"]["Name"] == found["ReportsTo"]["Account"]["Name"] == "Acme"
    assert found["Account"]["Owner"]["Username"] == "sync@acme.example"
    assert ask(world, soql, "WHERE LastName = 'Dan'")[0]["Account"] is None
    assert ask(world, "SELECT Account.Parent.Name FROM Contact WHERE LastName = 'Ann'")[0]["Account"]["Parent"] is None


def test_parents_in_conditions(world: World, acme: dict[str, str]) -> None:
    """Records are found and sorted by fields of parents, and those without one have null there."""
    assert names(world, "SELECT Name FROM Contact WHERE Account.Name != 'Acme' ORDER BY Account.Name") == [
        "Dan",
        "Cleo",
    ]
    assert names(world, "SELECT Name FROM Contact c WHERE c.Account.Parent.Industry = 'energy'") == ["Cleo"]
    assert names(world, "SELECT Contact.Name FROM Contact WHERE Owner.Name LIKE 'Sam%' AND AccountId = null") == ["Dan"]
    order = "ORDER BY Account.Name DESC NULLS LAST, Contact.Name"
    assert names(world, "SELECT Name FROM Contact", order) == ["Cleo", "Ann", "Bob", "Dan"]


def test_children(world: World, acme: dict[str, str]) -> None:
    """Children come as a list with its own count, or null; each list is filtered, sorted and cut by itself."""
    children = "(SELECT Name, Account.Name FROM Contacts WHERE Title != 'x' ORDER BY Name DESC LIMIT 1)"
    below = "(SELECT Id, (SELECT Name FROM Account.contacts) FROM ChildAccounts)"
    found = ask(world, "SELECT Id,", children, ", Name,", below, "FROM Account ORDER BY Name")
    assert [list(record) for record in found] == [["attributes", "Id", "Contacts", "Name", "ChildAccounts"]] * 3
    acme_found, branch, empty = found
    assert (acme_found["Contacts"]["totalSize"], acme_found["Contacts"]["done"]) == (1, True)
    bob = acme_found["Contacts"]["records"][0]
    assert bob["attributes"] == {"type": "Contact", "url": f"{ADDRESS}/Contact/{acme['Bob']}"}
    assert (bob["Name"], bob["Account"]["Name"]) == ("Bob", "Acme")
    inner = acme_found["ChildAccounts"]["records"][0]
    assert (inner["Id"], inner["Contacts"]["records"][0]["Name"]) == (acme["Branch"], "Cleo")
    assert branch["Contacts"]["records"][0]["Name"] == "Cleo"
    assert (empty["Contacts"], empty["ChildAccounts"]) == (None, None)


def test_deleted_children(world: World, acme: dict[str, str]) -> None:
    """Children in the recycle bin are seen by queryAll only."""
    changes.delete_record(world, "Contact", acme["Bob"])
    caller = query.Caller(world, log_in(world), "67.0")
    soql = "SELECT (SELECT Id FROM Contacts) FROM Account WHERE Name = 'Acme'"
    for deleted_too, count in ((False, 1), (True, 2)):
        page = json.loads(query.run(caller, soql, deleted_too=deleted_too))
        assert page["records"][0]["Contacts"]["totalSize"] == count


def test_pages_of_children(world: World, acme: dict[str, str]) -> None:
    """Children that are more than a page has are read on by their own locator."""
    for number in range(403):
        changes.create_record(world, "Contact", {"LastName": f"N{number:03d}", "AccountId": acme["Empty"]})
    caller = query.Caller(world, log_in(world), "67.0", 200)
    soql = "SELECT Name, (SELECT Name, Account.Name FROM Contacts ORDER BY Name) FROM Account ORDER BY Name DESC"
    page: dict[str, Any] = json.loads(query.run(caller, soql))
    assert page["done"]
    page = page["records"][0]["Contacts"]
    assert (page["totalSize"], page["done"], len(page["records"])) == (403, False, 200)
    records = page["records"]
    while not page["done"]:
        page = json.loads(query.more(caller, page["nextRecordsUrl"].rpartition("/")[2]))
        records += page["records"]
    assert page["totalSize"] == 403
    assert [record["Name"] for record in records] == [f"N{number:03d}" for number in range(403)]
    assert records[-1]["Account"]["Name"] == "Empty"


def test_semi_joins(world: World, acme: dict[str, str]) -> None:
    """Ids are found among those that another query finds, or not among them."""
    accounts, contacts = "SELECT Name FROM Account WHERE Id", "SELECT Name FROM Contact WHERE AccountId"
    clerks = "(SELECT AccountId FROM Contact WHERE Title = 'Clerk')"
    below = "(SELECT Id FROM Account WHERE Parent.Name = 'Acme')"
    assert names(world, accounts, "IN", clerks, "AND Name != 'Branch'") == ["Acme"]
    assert names(world, accounts, "NOT IN", clerks, "AND Industry != null") == ["Empty"]
    assert names(world, contacts, "IN", below) == ["Cleo"]
    assert names(world, contacts, "NOT IN", below) == ["Ann", "Bob", "Dan"]
    changes.delete_record(world, "Contact", acme["Cleo"])
    assert names(world, accounts, "IN", clerks) == ["Acme"]


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("Id IN (SELECT AccountId FROM Contact) OR Name = 'x'", "not allowed with the 'OR' operator"),
        ("NOT Id IN (SELECT AccountId FROM Contact)", "only allowed at the top level"),
        ("Name = 'x' AND (Name = 'y' OR Id IN (SELECT AccountId FROM Contact))", "only allowed at the top level"),
        (" AND ".join(["Id IN (SELECT AccountId FROM Contact)"] * 3), "Maximum 2 semi join sub-selects"),
        ("Id IN (SELECT OwnerId FROM Contact)", "should point to the same object type"),
        ("Id IN (SELECT Name FROM Contact)", "should point to the same object type"),
        ("Name IN (SELECT AccountId FROM Contact)", "cannot use: 'Name'"),
        ("Id IN (SELECT ParentId FROM Account)", "should not be on the same object type"),
        ("Id IN (SELECT AccountId, Id FROM Contact)", "exactly one field"),
        ("Id IN (SELECT AccountId FROM Contact LIMIT 1)", "not supported in semi join"),
        ("Id IN (SELECT AccountId FROM Contact WHERE OwnerId IN (SELECT Id FROM User))", "Nesting of semi join"),
    ],
)
def test_wrong_semi_joins(world: World, condition: str, words: str) -> None:
    """The vendor's rules for queries within conditions."""
    with pytest.raises(SalesforceError, match="MALFORMED_QUERY") as caught:
        ask(world, "SELECT Id FROM Account WHERE", condition)
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("name", "field", "soql", "words"),
    [
        ("Contact", "AccountId", "SELECT Account.Name FROM Contact", "relationship 'Account' in field path"),
        ("Account", "*", "SELECT Account.Name FROM Contact", "relationship 'Account' in field path"),
        ("Account", "Sic", "SELECT Account.Sic FROM Contact", "No such column 'Sic' on entity 'Account'"),
        ("Contact", "AccountId", "SELECT (SELECT Id FROM Contacts) FROM Account", "'Contacts' in FROM part"),
        ("Contact", "*", "SELECT (SELECT Id FROM Contacts) FROM Account", "'Contacts' in FROM part"),
        ("Contact", "Title", "SELECT (SELECT Title FROM Contacts) FROM Account", "No such column 'Title'"),
        ("Contact", "*", "SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact)", "'Contact' is not"),
        ("Contact", "Title", "SELECT COUNT(Id) FROM Contact GROUP BY Title", "No such column 'Title'"),
        ("Contact", "Title", "SELECT Id FROM Contact ORDER BY Title", "No such column 'Title'"),
    ],
)
def test_hidden(world: World, acme: dict[str, str], name: str, field: str, soql: str, words: str) -> None:
    """What a user must not see is reached by no relation."""
    assert ask(world, soql)
    orgs.change_user(world, "sync@acme.example", hidden={name: [field]})
    with pytest.raises(SalesforceError) as caught:
        ask(world, soql)
    assert words in caught.value.message


def test_many_fields(world: World, acme: dict[str, str]) -> None:
    """A query may ask for very many fields of parents, but not of too many parents."""
    names, steps = [field.name for field in objects.find("Contact").fields], ("ReportsTo.", "MasterRecord.")
    far, farther = (
        ["".join(path) for length in range(most) for path in product(steps, repeat=length)] for most in (4, 6)
    )
    fields = [path + name for path in far for name in names]
    assert len(fields) > 500  # Each makes SQL two terms longer, of which SQLite takes a thousand in a chain.
    (found,) = ask(world, "SELECT", ", ".join(fields), "FROM Contact WHERE LastName = 'Cleo'")
    assert found["ReportsTo"]["ReportsTo"]["Title"] == "CEO"
    with pytest.raises(SalesforceError, match="MALFORMED_QUERY") as caught:
        ask(world, "SELECT", ", ".join(f"{path}Id" for path in farther), "FROM Contact")
    assert "up to 55 parents" in caught.value.message


def test_page_with_long_texts(world: World, acme: dict[str, str]) -> None:
    """Two long text areas make a page smaller."""
    for number in range(250):
        changes.create_record(world, "Contact", {"LastName": f"N{number}", "AccountId": acme["Empty"]})
    caller = query.Caller(world, log_in(world), "67.0")
    page = json.loads(query.run(caller, "SELECT Description FROM Contact"))
    assert len(page["records"]) == 254
    page = json.loads(query.run(caller, "SELECT Description, Account.Description FROM Contact"))
    assert len(page["records"]) == 200
    assert len(json.loads(query.more(caller, page["nextRecordsUrl"].rpartition("/")[2]))["records"]) == 54
