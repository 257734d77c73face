"""A schedule of faults: what becomes of the first, the second, the n-th call, drawn from a seed before any of them.

Law: the seed and the number of a call decide alone; when it comes and what was drawn for others makes no difference.
"""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from syncline_sim.checking import Form, check_value
from syncline_sim.faults.fault import COMMON, KINDS, LIMITS, MEMBERS, Fault, read

#: What a call is met by is said once for all kinds, and each fault hits one call.
_NOT_EACH = (*(name for name in COMMON if name != "after"), "chance")
_CHANCE = {"type": "number", "minimum": 0, "maximum": 1}
FORM = Form(
    {
        "side": {"type": "string", "enum": list(LIMITS), "description": "whose calls"},
        "kinds": {
            "type": "object",
            "description": 'by kind the chance, or an object with it: {"slow": {"chance": 0.1, "seconds": 0.5}}',
        },
        "seed": {"type": ["integer", "string"], "description": "from which it is drawn (that of the world)"},
        "match": MEMBERS["match"],
        "object": MEMBERS["object"],
        "pages": MEMBERS["pages"],
        "calls": {"type": "integer", "minimum": 0, "description": "after so many calls it is over (0: never)"},
        "running": {"type": "boolean", "description": "whether it begins at once (true)"},
    },
    ("side", "kinds"),
    example={"side": "salesforce", "seed": 7, "kinds": {"reset": 0.02, "slow": {"chance": 0.1, "seconds": 0.5}}},
)
PATCH = Form({"running": FORM.members["running"]}, ("running",), example={"running": False})


@dataclass(slots=True)
class Schedule:
    """One schedule; `kinds` has a chance and a fault for each kind, in the order of their names."""

    side: str
    seed: int | str
    kinds: Mapping[str, tuple[float, Fault]]
    match: str = ""
    object: str = ""
    pages: int = 0
    calls: int = 0
    running: bool = True
    id: int = 0
    seen: int = 0  #: how many calls it has looked at while it was running
    hits: Counter[str] = field(default_factory=Counter)

    @property
    def over(self) -> bool:
        """Whether it has looked at all the calls that it is for."""
        return bool(self.calls) and self.seen >= self.calls

    def fits(self, path: str, name: str, before: int) -> bool:
        """Whether a call is one of those meant, but for its object."""
        return Fault(self.side, "status", self.match, pages=self.pages).fits(path, name, before)

    def meet(self) -> Fault | None:
        """Count a call and answer what is in store for it."""
        self.seen += 1
        fault = self.drawn(self.seen)
        if fault is not None:
            self.hits[fault.kind] += 1
        return fault

    def drawn(self, number: int) -> Fault | None:
        """Answer what is in store for the call of a number, counted from 1."""
        chance = f"{self.seed}:{number}"
        left = random.Random(chance).random()
        for share, fault in self.kinds.values():
            if left < share:
                return _copy(fault, chance)
            left -= share
        return None

    def listed(self, first: int, count: int) -> list[dict[str, Any]]:
        """Answer which of the calls from the first on will be hit, and by what."""
        last = min(first + count - 1, self.calls or first + count - 1)
        drawn = ((number, self.drawn(number)) for number in range(first, last + 1))
        return [{"call": number, **_brief(fault)} for number, fault in drawn if fault is not None]

    def view(self) -> dict[str, Any]:
        """Answer the schedule as the control door shows it."""
        kinds = {kind: {"chance": share, **fault.used} for kind, (share, fault) in self.kinds.items()}
        return {
            **{name: getattr(self, name) for name in ("id", "side", "seed", "match", "object", "pages", "calls")},
            "kinds": kinds,
            "running": self.running and not self.over,
            "seen": self.seen,
            "hits": dict(sorted(self.hits.items())),
        }


def plan(document: Mapping[str, Any], seed: int) -> Schedule:
    """Answer the schedule that was asked for; raises `ValueError` with what to send."""
    FORM.check(document, "a schedule")
    kinds: dict[str, tuple[float, Fault]] = {}
    for kind, told in sorted(document["kinds"].items()):
        settings = told if isinstance(told, dict) else {"chance": told}
        kinds[kind] = (_chance(kind, settings), _fault(document["side"], kind, settings))
    if not kinds:
        raise ValueError(f"kinds is empty: send a chance for one or more of {', '.join(_possible())}")
    if sum(share for share, _ in kinds.values()) > 1:
        raise ValueError("the chances of all kinds together are more than 1: send smaller ones")
    rest = {name: value for name, value in document.items() if name not in ("kinds", "seed")}
    return Schedule(**rest, seed=document.get("seed", seed), kinds=kinds)


def _chance(kind: str, settings: Mapping[str, Any]) -> float:
    if "chance" not in settings:
        raise ValueError(f'chance is missing in {kind}: send "{kind}": 0.05 or "{kind}": {{"chance": 0.05, …}}')
    check_value(f"the chance of {kind}", settings["chance"], _CHANCE)
    return float(settings["chance"])


def _fault(side: str, kind: str, settings: Mapping[str, Any]) -> Fault:
    if kind not in _possible():
        raise ValueError(f"kinds of a schedule are {', '.join(_possible())}, and {kind} is none of them")
    for name in settings:
        if name in _NOT_EACH and name != "chance":
            raise ValueError(f"{name} is said of the whole schedule or not at all, and not of {kind}")
    return read({"side": side, "kind": kind, **{name: v for name, v in settings.items() if name != "chance"}})


def _possible() -> tuple[str, ...]:
    return tuple(kind for kind in KINDS if kind != "handshake")


def _copy(fault: Fault, chance: str) -> Fault:
    copy = Fault(fault.side, fault.kind, **fault.used)
    copy.chance, copy.hits = chance, 1
    return copy


def _brief(fault: Fault) -> dict[str, Any]:
    brief = {"kind": fault.kind, **fault.used}
    return {**brief, "seconds": round(fault.wait(), 3)} if fault.kind == "slow" else brief
