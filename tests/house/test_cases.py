"""The lists of cases: each case is shown by a test that says so (`@pytest.mark.case("oauth", 7)`)."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

#: What can go wrong or be tried between a login's start and its end, with credentials, and with tokens. Unless it says
#: otherwise the answer is a refusal: an error page or a problem document, a row on the log where the integration is
#: known, no token request, and no change of state.
OAUTH = {
    1: "a callback without a state",
    2: "a state that was made up",
    3: "the state of another browser",
    4: "a state that has come back before",
    5: "fifty times the same callback at once: one token request",
    6: "a state that is older than ten minutes",
    7: "the state of another integration",
    8: "a state from before its starter signed out or lost the role",
    9: "a parameter that comes twice",
    10: "a code and an error at once",
    11: "an error that somebody else sends",
    12: "a look ahead by a browser or a messenger consumes nothing",
    13: "a callback in each state of the chart that awaits none",
    14: "two logins in one browser, which both succeed",
    15: "an issuer that is not the one that was asked, or none where one was promised",
    16: "an answer of one login host to a login that was started at another",
    17: "somebody else's code with the state of the person who is tricked",
    18: "a verifier that is missing or belongs to another login",
    19: "a code that was spent before",
    20: "headers that name another host do not move the redirect URI",
    21: "an address to go on to that leads to another site",
    22: "HTML in what the source says",
    23: "no address with a code or a token reaches another site as a referrer",
    24: "no code in a line of the access log, and none in a cache",
    25: "no page can be framed",
    26: "no page listens to messages of other windows",
    27: "another method than GET",
    28: "64 kB, NUL and bad UTF-8",
    29: "an instance that is not the source's gets no token",
    30: "tokens of another org than the confirmed one",
    31: "no secret follows a redirect of the token endpoint",
    32: "certificates that are expired, self-signed or another host's",
    33: "a token endpoint that hangs, talks nonsense or sends a gigabyte",
    34: "a token of another type, no refresh token, other scopes",
    35: "a refusal that repeats the secrets it was sent",
    36: "two hundred workers with a dead token: one refresh",
    37: "a kill between the source's answer and our commit",
    38: "a refresh that is refused for good asks a person, once",
    39: "no old token is sent after its successor was stored",
    40: "no secret can be read back",
    41: "commands that another site makes a browser send",
    42: "somebody else's integration is not there",
    43: "fields that nobody knows",
    44: "login hosts that are not the source's own and were not allowed by the operator",
    45: "other credentials while authorized: the former grant is revoked",
    46: "a viewer and an auditor may not, and their try is on the log",
    47: "a disconnection while the source cannot be told",
    48: "a login that comes back after the disconnection",
}
#: What senders of hooks and receivers of deliveries can do, by mistake or on purpose.
WEBHOOKS = {
    1: "no signature",
    2: "another secret",
    3: "a body with one byte flipped",
    4: "the same JSON, written in another way",
    5: "a timestamp 301 seconds off, either way",
    6: "a timestamp that is none",
    7: "a repetition inside the window: answered as before, applied once",
    8: "a repetition after the window",
    9: "a dot in the id",
    10: "one signature of five that fits",
    11: "a former secret inside and after its overlap",
    12: "only signatures of an unknown version",
    13: "a header of a megabyte",
    14: "an empty secret: the service does not start",
    15: "secrets are compared in constant time, by a rule that the code is held to",
    16: "a body of more than 1 MiB",
    17: "a compressed bomb",
    18: "external entities, and entities that grow",
    19: "a notification that comes again",
    20: "a hundred notifications, one of them bad",
    21: "another org's message",
    22: "a kill before the acknowledgement",
    23: "a database that does not answer: 503, and nothing is lost",
    24: "an older change that arrives later",
    25: "an outage of 25 hours, then all is read again",
    26: "a wrong header of the target's webhook",
    27: "an idempotency key with another body, or while the first is under way",
    28: "metadata addresses, mapped, decimal and octal ones",
    29: "a name that leads elsewhere the second time",
    30: "redirects",
    31: "shared, local and translated addresses",
    32: "odd ports, names before the host, other schemes",
    33: "a receiver that is slow",
    34: "an answer without an end",
    35: "410, 429 and Retry-After",
    36: "pauses that are not all the same",
    37: "a dead letter, and a replay that keeps its id",
    38: "two signatures while a secret is exchanged",
    39: "a dead endpoint does not delay the others",
    40: "the order of an integration's deliveries",
}
LISTS = {"oauth": OAUTH, "webhooks": WEBHOOKS}


def marks() -> Iterator[tuple[str, str, int]]:
    """Answer (test, list, number) for each mark of a test."""
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for decorator in node.decorator_list:
                    yield from _named(f"{path.relative_to(TESTS)}::{node.name}", decorator)


def _named(test: str, decorator: ast.expr) -> Iterator[tuple[str, str, int]]:
    match decorator:
        case ast.Call(
            func=ast.Attribute(attr="case"), args=[ast.Constant(value=str(list_)), ast.Constant(value=int(n))]
        ):
            yield test, list_, n
        case ast.Call(func=ast.Attribute(attr="case")) | ast.Attribute(attr="case"):
            yield test, "unreadable", 0


@cache
def shown() -> dict[tuple[str, int], list[str]]:
    """Answer the tests of each case; asked for by tests only, since to read all tests takes a second."""
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    for test, list_, number in marks():
        found[list_, number].append(test)
    return found


@pytest.mark.parametrize(("list_", "number"), [(name, number) for name, cases in LISTS.items() for number in cases])
def test_case_is_shown(list_: str, number: int) -> None:
    """Somebody who doubts it can run the tests that show it."""
    assert shown()[list_, number], f"no test shows case {number} of {list_}: {LISTS[list_][number]}"


def test_every_mark_names_a_case() -> None:
    """A number that is no case shows nothing."""
    unknown = {test: (name, number) for (name, number), tests in shown().items() for test in tests}
    assert {test: case for test, case in unknown.items() if case[1] not in LISTS.get(case[0], {})} == {}


def test_the_lists_have_no_gaps() -> None:
    """They are numbered from one, as where they come from."""
    assert all(list(cases) == list(range(1, len(cases) + 1)) for cases in LISTS.values())
    assert (len(OAUTH), len(WEBHOOKS)) == (48, 40)
