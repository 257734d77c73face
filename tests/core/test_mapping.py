"""What a field sync would do is planned before it is done, and nothing in the plan can surprise anybody."""

from hypothesis import given
from hypothesis import strategies as st

from syncline.core.documents import FieldPlan, PreviewDocument
from syncline.core.mapping import TargetSide, fields_to_create, first_mapping, plan_fields
from syncline.providers.port import Field, FieldType


def target(*there: Field, limit: int = 100) -> TargetSide[Field]:
    """A target with some fields, that makes `thing` of `Thing__c`."""
    return TargetSide(
        fields=there,
        standard={"Email": "email", "Phone": "phone"},
        name_of=lambda field: field.name.removesuffix("__c").lower(),
        unfit=lambda field: "it cannot be made" if field.native_type == "blob" else "",
        key="key",
        limit=limit,
    )


def field(name: str, type_: FieldType = "text", object_: str = "Lead", native_type: str = "") -> Field:
    """A field of the source."""
    return Field(object_, name, name, type_, custom=name.endswith("__c"), native_type=native_type)


def planned(source: list[Field], side: TargetSide[Field]) -> list[tuple[str, str, str]]:
    """What is planned: (field, target, action)."""
    return [(plan.name, plan.target, plan.action) for plan in plan_fields(source, side, id_field="Id")]


def test_the_id_goes_into_the_key_field() -> None:
    """Whether or not it is there already."""
    assert planned([field("Id", "string")], target()) == [("Id", "key", "create")]
    there = Field("", "key", "Key", "string")
    assert planned([field("Id", "string")], target(there)) == [("Id", "key", "exists")]


def test_what_both_sides_have_is_used() -> None:
    """The standard field, if the target has it; otherwise one is made."""
    side = target(Field("", "email", "Email", "email"))
    assert planned([field("Email", "email"), field("Phone", "phone")], side) == [
        ("Email", "email", "exists"),
        ("Phone", "phone", "create"),
    ]


def test_what_is_there_with_another_type_is_left_alone() -> None:
    """Values that do not fit would be refused one by one."""
    side = target(Field("", "when", "When", "date"), Field("", "sum", "Sum", "currency"), Field("", "no", "No", "text"))
    source = [field("When__c", "boolean"), field("Sum__c", "integer"), field("No__c", "boolean")]
    assert planned(source, side) == [("When__c", "", "skip"), ("Sum__c", "sum", "exists"), ("No__c", "no", "exists")]


def test_what_cannot_be_written_or_made_says_why() -> None:
    """A skipped field always has its reason."""
    closed = Field("", "closed", "Closed", "text", writable=False)
    plans = plan_fields([field("Closed__c"), field("Blob__c", native_type="blob")], target(closed), id_field="Id")
    assert [plan.reason for plan in plans] == ["closed is there already and cannot be written to", "it cannot be made"]


def test_two_objects_share_a_field_of_one_type() -> None:
    """Of another type the second stays out."""
    source = [field("A__c", "date"), field("A__c", "date", "Contact"), field("A__c", "boolean", "Account")]
    assert [action for _, _, action in planned(source, target())] == ["create", "create", "skip"]
    preview = PreviewDocument(0, plan_fields(source, target(), id_field="Id"))
    assert [plan.target for plan in fields_to_create(preview, ())] == ["a"]
    assert [plan.object for plan in fields_to_create(preview, {"Lead.A__c"})] == ["Contact"]


def test_beyond_the_limit_the_customers_own_come_first() -> None:
    """The key is never left out."""
    source = [field("Name"), field("Title"), field("Own__c"), field("Id", "string")]
    actions = {name: action for name, _, action in planned(source, target(limit=2))}
    assert actions == {"Name": "skip", "Title": "skip", "Own__c": "create", "Id": "create"}


def test_the_first_mapping_has_what_was_agreed() -> None:
    """Not what was skipped, refused or unwanted, not the key, and nothing twice."""
    names = ("Id", "A", "B", "C", "D", "E")
    targets = {"Id": "key", "A": "a", "B": "b", "C": "c", "D": "a", "E": ""}
    plans = tuple(
        FieldPlan("Lead", name, name, "text", "text", targets[name], "exists" if targets[name] else "skip")
        for name in names
    )
    mapping = first_mapping(PreviewDocument(0, plans), skip={"Lead.B"}, refused={"c"}, key="key")
    assert mapping == {"Lead": {"A": "a"}}


@given(
    names=st.lists(st.sampled_from(["Id", "A__c", "B__c", "C__c", "Email", "Phone"]), unique=True),
    types=st.lists(st.sampled_from(["text", "date", "integer"]), min_size=12, max_size=12),
    limit=st.integers(0, 4),
)
def test_no_plan_makes_more_than_is_allowed_or_one_field_twice(
    names: list[str], types: list[FieldType], limit: int
) -> None:
    """Every field has exactly one plan, in order, and the limit holds."""
    source = [
        field(name, types[6 * place + number], object_)
        for place, object_ in enumerate(("Lead", "Contact"))
        for number, name in enumerate(names)
    ]
    plans = plan_fields(source, target(limit=limit), id_field="Id")
    assert [(plan.object, plan.name) for plan in plans] == [(one.object, one.name) for one in source]
    assert len({plan.target for plan in plans if plan.action == "create"}) <= limit
    assert all(bool(plan.reason) == (plan.action == "skip") for plan in plans)
    made = fields_to_create(PreviewDocument(0, plans), ())
    assert len({plan.target for plan in made}) == len(made)
