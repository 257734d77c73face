"""How records lead to others: from a look-up to the record that it names, and back to all that name a record."""

from dataclasses import dataclass

from syncline_sim.salesforce.field_types import FieldSpec


@dataclass(frozen=True, slots=True)
class Children:
    """What a parent calls the records of another object that name it in some field."""

    parent: str
    name: str
    child: str
    field: str


CHILDREN = (
    Children("Account", "ChildAccounts", "Account", "ParentId"),
    Children("Account", "Contacts", "Contact", "AccountId"),
)


def relationship_name(field: FieldSpec) -> str:
    """Answer what a look-up is called in a path to the other record's fields, such as `Owner` for OwnerId."""
    if not field.reference_to:
        return ""
    return field.name.removesuffix("Id") if not field.custom else f"{field.name.removesuffix('__c')}__r"
