"""Both sides keep to the port, and everything they may say has an entry in the catalogue."""

import re
from pathlib import Path
from typing import get_args

import pytest

from syncline.config import CALLBACK_PATH
from syncline.errors import Problem
from syncline.providers import salesforce
from syncline.providers.port import FieldType, Instruction, Providers, Source, Target
from syncline.providers.salesforce import fields as source_fields

FOLDER = Path(salesforce.__file__).parent.parent
#: Law 9 and the catalogue: who can fix something.
FIXERS = {"admin", "salesforce_admin", "marketo_admin", "engineer", "operator", "nobody"}
#: What looks like a code and is a check, of which there are no entries.
CHECKS = re.compile(
    r"salesforce\.(identity|version|api_enabled|org|objects|limits)|marketo\.(reachable|credentials|permissions|quota)"
)


def _problems(providers: Providers) -> dict[str, Problem]:
    return {**providers.source.problems, **providers.target.problems}


def test_both_sides_are_what_the_port_asks_for(providers: Providers) -> None:
    """All verbs and all words."""
    for side, port in ((providers.source, Source), (providers.target, Target)):
        names = {*port.__annotations__, *(name for name in vars(port) if not name.startswith("_"))}
        assert {name for name in names if not hasattr(side, name)} == set()


def test_every_code_in_the_folders_has_an_entry_and_every_entry_is_used(providers: Providers) -> None:
    """A code without an entry would be a page without a remedy."""
    used: set[str] = set()
    for path in FOLDER.rglob("*.py"):
        if not path.name.endswith("problems.py"):
            used |= set(re.findall(r'"((?:salesforce|marketo)\.[a-z_]+)"', path.read_text()))
    used = {code for code in used if not CHECKS.fullmatch(code)}
    assert used == set(_problems(providers))


def test_every_entry_answers_the_next_question(providers: Providers) -> None:
    """In whole sentences."""
    for code, problem in _problems(providers).items():
        assert problem.code == code
        assert problem.fixer in FIXERS
        assert problem.retryable or problem.fixer != "nobody", code
        for text in (problem.meaning, problem.cause, problem.remedy):
            assert re.fullmatch(r"[A-Z].*\.", text), (code, text)


def test_the_app_guide_has_the_exact_values(providers: Providers) -> None:
    """The callback and the least scopes, for a new app and for an old one; the new one first."""
    uri = f"https://sync.example.com{CALLBACK_PATH}"
    guide = providers.source.app_guide(uri)
    assert list(guide) == ["External Client App", "Existing Connected App"]
    for steps in guide.values():
        values = [value for step in steps for _, value in step.values]
        assert uri in values
        assert sum("(api)" in v or "(refresh_token," in v or "(id," in v for v in values) == len(
            providers.source.scopes
        )
        assert not any("(full)" in value or "(web)" in value for value in values)
    _assert_readable([step for steps in guide.values() for step in steps])


def test_the_account_guide_asks_for_what_the_checks_look_at(providers: Providers) -> None:
    """No permission more."""
    steps = providers.target.account_guide()
    granted = {value for step in steps for label, value in step.values if label == "Permission"}
    assert granted == {"Read-Write Person", "Read-Write Schema Custom Field", "Read-Only Company"}
    _assert_readable(steps)


def _assert_readable(steps: list[Instruction] | tuple[Instruction, ...]) -> None:
    for step in steps:
        assert step.text.endswith(".")
        assert not step.title.endswith(".")


@pytest.mark.parametrize("kind", sorted(source_fields._TYPES.values()))
def test_every_type_of_the_source_is_a_common_word(kind: str) -> None:
    """Or the other side could not make a field of it."""
    assert kind in get_args(FieldType)


def test_the_login_hosts_on_offer_are_allowed(providers: Providers) -> None:
    """What a form shows must not be refused by the form."""
    for _, address, _ in providers.source.login_hosts:
        text = address.replace("{my-domain}", "acme")
        assert providers.source.login_host(text) == text
