"""Check an audit log of Syncline without Syncline: Python 3.8 or later and this file are all that is needed.

    python verify.py PACK.zip --key KEY --checkpoints FILE     a pack, or a folder with the files of one
    python verify.py EXPORT.ndjson                             an export of the whole log
    python verify.py EXPORT.ndjson --some-chains               an export of one integration
    python verify.py --proof ROW.json --key KEY                the proof of a single row

Ends with 0 when all that was checked is true, with 1 when something is not (and names the first row where it shows),
with 2 when something cannot be read. Five things are checked; the parts of this file are in the same order.

A key that came with a pack shows that the pack agrees with itself and no more. Get KEY, and the checkpoints in FILE,
from where the operator of Syncline cannot change them. docs/audit.md says what each byte means and what is not proved.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import re
import sys
import time
import zipfile
from pathlib import Path
from typing import IO, Any, Iterable, Iterator


class Fault(Exception):
    """Something is not true; the text says what."""


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


# 1. Signatures: a checkpoint was signed by a key that is trusted (Ed25519, RFC 8032; notes: c2sp.org/signed-note).
# The curve is -x² + y² = 1 + D·x²·y² modulo P. A point is kept as (X, Y, Z, T) with x = X/Z, y = Y/Z, x·y = T/Z.

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """RFC 8032, section 5.1.4; right for any two points, also for a point and itself."""
    less, more = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0])
    t, z = 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    e, f, g, h = (more - less) % P, (z - t) % P, (z + t) % P, (more + less) % P
    return e * f % P, g * h % P, f * g % P, e * h % P


def unpack(data: bytes) -> tuple[int, ...]:
    """RFC 8032, section 5.1.3: 32 bytes hold y, and above it the lowest bit of x."""
    odd, y = data[31] >> 7, int.from_bytes(data, "little") % 2**255
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * v**3 * pow(u * v**7, (P - 5) // 8, P) % P
    if v * x * x % P != u:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or v * x * x % P != u or (odd and not x):
        raise ValueError("the key is no point of the curve")
    x = x if x % 2 == odd else P - x
    return x, y, 1, x * y % P


def doubles(point: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The point times 1, 2, 4, 8 and so on: with these a multiplication is a sum."""
    found = [point]
    for _ in range(252):
        found.append(add(found[-1], found[-1]))
    return found


BASE = doubles(unpack((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")))


class Key:
    """A verifier key, NAME+ID+BASE64: the base64 is of a byte 1 and the public key, the ID comes of all of it."""

    def __init__(self, text: str) -> None:
        self.text, (self.name, said, body) = text, text.split("+", 2)
        raw = base64.b64decode(body, validate=True)
        self.public, self.id = raw[1:], sha256(self.name.encode() + b"\n" + raw)[:4]
        if raw[0] != 1 or len(raw) != 33 or self.id.hex() != said:
            raise ValueError("this is no verifier key for Ed25519: " + text)
        x, y, _, t = unpack(self.public)
        self.minus = doubles((P - x, y, 1, P - t))

    def has_signed(self, text: bytes, signature: bytes) -> bool:
        """RFC 8032, section 5.1.7: s times the base, minus k times the key, is R."""
        r, s = signature[:32], int.from_bytes(signature[32:], "little")
        k = int.from_bytes(hashlib.sha512(r + self.public + text).digest(), "little") % ORDER
        total: tuple[int, ...] = (0, 1, 1, 0)
        for number, points in ((s, BASE), (k, self.minus)):
            for bit, point in enumerate(points):
                if number >> bit & 1:
                    total = add(total, point)
        inverse = pow(total[2], P - 2, P)
        x, y = total[0] * inverse % P, total[1] * inverse % P
        return len(signature) == 64 and s < ORDER and (y + (x % 2 << 255)).to_bytes(32, "little") == r


def open_note(note: str, keys: Iterable[Key]) -> tuple[str, Key]:
    """The text of a note, and which of the keys has signed it."""
    text, _, signatures = note.rpartition("\n\n")
    for dash, name, body in (line.split(" ", 2) for line in signatures.splitlines() if line.count(" ") > 1):
        raw = base64.b64decode(body)
        for key in keys:
            if (dash, name, raw[:4]) == ("\u2014", key.name, key.id):
                if key.has_signed(text.encode() + b"\n", raw[4:]):
                    return text, key
                raise Fault("the signature is not that of the key " + key.text)
    raise Fault("it is not signed by the key that it should be, it says: " + signatures.strip())


# 2. The tree: the hashes of the first N rows lead to the root that was signed for N rows (RFC 6962, section 2.1).


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right)


class Tree:
    """The roots of the perfect subtrees that the leaves so far make up, the largest first."""

    def __init__(self, size: int = 0, nodes: Iterable[str] = ()) -> None:
        self.size, self.nodes = size, [bytes.fromhex(text) for text in nodes]

    def add(self, data: bytes) -> None:
        self.size += 1
        size, new = self.size, sha256(b"\x00" + data)
        while size % 2 == 0:
            size, new = size // 2, node(self.nodes.pop(), new)
        self.nodes.append(new)

    def root(self) -> bytes:
        root = self.nodes[-1] if self.nodes else sha256(b"")
        for left in self.nodes[-2::-1]:
            root = node(left, root)
        return root


def climb(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes:
    """The root of `size` leaves, from one of them and the hashes beside its way up (RFC 6962, section 2.1.1)."""
    if size == 1 and not path:
        return leaf
    if not 0 <= index < size or size == 1 or not path:
        raise Fault("the path is not as long as the way up")
    left = 1 << (size - 1).bit_length() - 1  # the largest power of two below the size
    if index < left:
        return node(climb(index, left, leaf, path[:-1]), path[-1])
    return node(path[-1], climb(index - left, size - left, leaf, path[:-1]))


# 3. Chains: each row is bound to the one before it in its chain, and follows from it; none is missing.


class Chain:
    """The log of an integration, or of the service itself, as far as its rows were read."""

    def __init__(self, seq: int, head: str, state: str, since: int, memory: str) -> None:
        self.seq, self.hash, self.state, self.since = seq, bytes.fromhex(head), state, since
        self.memory = json.loads(memory)


def follow(chain: Chain, row: dict[str, Any], birth: str) -> None:
    """Read the next row of a chain; raises what in it cannot be true, whatever its chart says."""
    what, origin, to = row["disposition"], row["from"], row["to"]
    since, memory = row.get("state_seq", 0), row.get("context", {})
    if row["seq"] != chain.seq + 1:
        raise Fault("seq {} follows seq {}".format(row["seq"], chain.seq))
    if origin != chain.state:
        raise Fault(f"it starts from '{origin}', the row before ended in '{chain.state}'")
    if (chain.seq == 0) != (origin == "") or (chain.seq == 0 and row["type"] != birth):
        raise Fault(f"a chain begins with {birth}, and only there")
    if what not in ("transitioned", "handled", "refused", "unexpected", "duplicate", "stale"):
        raise Fault(f"there is no disposition '{what}'")
    if what != "transitioned" and to != origin:
        raise Fault(f"it is {what} and yet leads to '{to}'")
    if since != (row["seq"] if what == "transitioned" else chain.since):
        raise Fault(f"it says that the state was entered at seq {since}")
    done = [name for name in ("brought", "changed", "effects") if row.get(name)]
    if what not in ("transitioned", "handled") and (memory != chain.memory or done):
        raise Fault(f"it is {what} and yet has done something")
    chain.seq, chain.state, chain.since, chain.memory = row["seq"], to, since, memory


# 4. Charts: each step is one that the chart of its time has.


def decide(chart: dict[str, Any], row: dict[str, Any]) -> None:
    """Raise what a chart does not let follow: it has, by state and event, where that leads to, "" for staying."""
    what, origin, to = row["disposition"], row["from"], row["to"]
    targets = chart["steps"].get(origin, {}).get(row["type"]) if origin else [chart["initial"]]
    if what == "unexpected" and targets is not None:
        raise Fault("it is unexpected, but its chart expects {} in '{}'".format(row["type"], origin))
    if what in ("transitioned", "handled") and (to if what == "transitioned" else "") not in (targets or []):
        raise Fault("its chart has no step from '{}' by {} to '{}' ({})".format(origin, row["type"], to, what))


# 5. The whole: positions without a gap, all checkpoints, the keys that followed, and where each chain ends.

LINE = re.compile(r'{"position":([0-9]+),"hash":"([0-9a-f]{64})"(,"row":|}\s*$)')


def in_order(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """In a row the keys of each object are in order and none comes twice, so that all who read it read the same."""
    found = dict(pairs)
    if len(found) != len(pairs) or list(found) != sorted(found):
        raise Fault("its keys are not in order")
    return found


ROW = json.JSONDecoder(object_pairs_hook=in_order)


class Pack:
    """Files by name, out of a zip or a folder; an export has nothing but `rows.ndjson`."""

    def __init__(self, path: Path) -> None:
        self.zip = None if path.is_dir() or not zipfile.is_zipfile(path) else zipfile.ZipFile(path)
        self.files = {file.relative_to(path).as_posix(): file for file in path.rglob("*")} or {"rows.ndjson": path}
        self.names = self.zip.namelist() if self.zip else list(self.files)

    def open(self, name: str) -> IO[bytes]:
        if name not in self.names:
            return io.BytesIO()
        return self.zip.open(name) if self.zip else self.files[name].open("rb")

    def read(self, name: str) -> str:
        with self.open(name) as file:
            return file.read().decode()


class Log:
    """Reads the rows one by one, and holds each against all that is known by then."""

    def __init__(self, pack: Pack, pinned: list[Key], outside: list[Any], some_chains: bool) -> None:
        self.pack, self.pinned, self.some_chains, self.where = pack, pinned, some_chains, "the pack"
        charts = [name for name in pack.names if name.startswith("charts/") and name.endswith(".json")]
        self.charts = {name[7:-5]: json.loads(pack.read(name)) for name in charts}
        self.keys = pinned + [Key(line) for line in pack.read("keys.txt").splitlines()]
        self.trusted = {key.text for key in pinned or self.keys}  # and those that they endorse
        self.signing: list[Key] = []  # the one in use, as far as the log was read
        inside = [json.loads(line) for line in pack.read("checkpoints.ndjson").splitlines()]
        placed = [("in the pack", one) for one in inside] + [("outside", one) for one in outside]
        self.waiting = [(int(one["checkpoint"].split("\n")[1]), place, one) for place, one in placed]
        self.waiting.sort(key=lambda each: -each[0])
        self.heads = json.loads(pack.read("heads.json") or "null")
        self.cut = json.loads(pack.read("start.json") or "{}")
        # Where old rows were let go, what is left goes on from here; `read_service` finds who has signed that.
        self.tree = Tree(self.cut.get("through", 0), self.cut.get("nodes", ()))
        self.chains = {base[0]: Chain(*base[1:]) for base in self.cut.get("bases", ())}
        self.first = self.position = self.tree.size
        self.rows = self.hidden = self.newer = self.signed = self.signed_outside = self.untrusted_cut = 0
        self.missing: dict[str, int] = {}
        self.times = [2**63, 0]

    def read(self) -> None:
        """Read everything; raises the first fault, and `where` says where."""
        if len(set(self.pack.names)) != len(self.pack.names):
            raise Fault("two files have one name")
        for name, chart in self.charts.items():
            if sha256(chart["source"].encode()).hex()[:12] != name.partition("#")[2]:
                raise Fault(f"the chart {name} is not the one that it is named after")
        self.waiting = [each for each in self.waiting if each[0] >= self.first]
        self.hold_all()
        with self.pack.open("rows.ndjson") as lines:
            for line in lines:
                self.where = f"position {self.position + 1}"
                try:
                    self.read_line(line.decode())
                    self.hold_all()
                except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
                    raise Fault(f"it is not written as it has to be: {error!r}") from None
        self.where = "the end"
        self.end()

    def read_line(self, line: str) -> None:
        match = LINE.match(line)
        position = int(match.group(1)) if match else 0
        if not match or position <= self.position or (position > self.position + 1 and not self.some_chains):
            raise Fault("its row is missing, in its place stands: " + line[:40].strip())
        self.position, self.where, told = position, f"position {position}", bytes.fromhex(match.group(2))
        self.tree.add(told)
        if match.group(3) != ',"row":':
            self.hidden += 1
            return
        row, end = ROW.raw_decode(line, match.end())
        rest = line[end:].strip()
        if rest.startswith(',"personal":'):  # What is sealed in the row, opened: that is not proved.
            rest = rest[json.JSONDecoder().raw_decode(rest, 12)[1] :]
        if rest != "}":
            raise Fault("something stands behind its row: " + rest[:40])
        name = row["integration"]
        self.where += f", {name}, seq {row['seq']}"
        if name not in self.chains:
            self.chains[name] = Chain(0, "00" * 32, "", 0, "{}")
        chain = self.chains[name]
        if sha256(chain.hash + line[match.end() : end].encode()) != told:
            raise Fault("its hash is not that of its bytes and of the row before it in its chain")
        chain.hash = told
        follow(chain, row, "service.installed" if name == "service" else "integration.created")
        if row["chart"] in self.charts:
            decide(self.charts[row["chart"]], row)
        else:
            self.missing[row["chart"]] = self.missing.get(row["chart"], 0) + 1
        if name == "service" and row["disposition"] == "handled":
            self.read_service(row["type"], row.get("data", {}))
        self.rows += 1
        self.times = [min(self.times[0], row["at"]), max(self.times[1], row["at"])]

    def read_service(self, kind: str, data: dict[str, Any]) -> None:
        """Hold what the service's own rows say of keys and of rows that were let go."""
        if kind == "checkpoint_key.made":
            if self.signing:
                raise Fault("it makes a first key, and there was one")
            self.signing = [Key(data["key"])]
        elif kind == "checkpoint_key.rotated":
            text, before = open_note(data["endorsement"], self.signing or self.keys)
            self.signing = [Key(data["key"])]
            if text != "syncline: the next key for checkpoints\n" + data["key"]:
                raise Fault("the key before it endorses another key")
            self.trusted |= {data["key"]} if before.text in self.trusted else set()
        elif kind == "log.truncated" and data["through"] == self.cut.get("through"):
            text, key = open_note(self.cut["note"], self.signing or self.keys)
            root = base64.b64encode(Tree(self.first, self.cut["nodes"]).root()).decode()
            lines = [json.dumps(base, ensure_ascii=False, separators=(",", ":")) + "\n" for base in self.cut["bases"]]
            bases = sha256("".join(lines).encode()).hex()
            said = f"syncline truncation v1\n{key.name}\n{self.first}\n{root}\n{bases}"
            if (text, data["root"], data["bases"]) != (said, root, bases):
                raise Fault(f"the log does not go on as was signed when the rows up to {self.first} were let go")
            self.cut, self.untrusted_cut = {}, 0 if key.text in self.trusted else self.position

    def hold_all(self) -> None:
        while self.waiting and self.waiting[-1][0] <= self.position and not self.some_chains:
            self.hold(*self.waiting.pop())

    def hold(self, size: int, place: str, one: dict[str, Any]) -> None:
        """Hold the rows so far against a checkpoint that was signed for as many."""
        self.where = f"checkpoint of {size} rows ({place})"
        text, key = open_note(one["checkpoint"], self.signing or self.keys)
        name, _, root = text.split("\n")[:3]
        if name != key.name:
            raise Fault("it is for another log, " + name)
        if base64.b64decode(root) != self.tree.root():
            first = max(self.signed, self.first) + 1
            raise Fault(f"the rows do not lead to it, so one from {first} to {size} is not what it was")
        if key.text in self.trusted:
            self.signed = size
            self.signed_outside = size if place == "outside" else self.signed_outside

    def end(self) -> None:
        """Say what shows only at the end: that something was cut off, and where each chain ends."""
        for size, place, one in [] if self.some_chains else self.waiting[::-1]:
            if place != "outside" or not self.heads or one["at"] <= self.heads["at"]:
                good = max(self.signed, self.first)
                raise Fault(f"after {self.position} rows, and a checkpoint ({place}) has {size}; signed up to {good}")
            self.newer += 1
        if self.cut and "service" in self.chains:
            raise Fault(f"no row says that the rows up to {self.first} were let go")
        if self.pinned and not self.signed:
            raise Fault("no checkpoint is signed by a key that was given, or by one that followed it")
        if self.untrusted_cut > self.signed:
            raise Fault(f"no trusted key has signed that the rows up to {self.first} were let go")
        found = {name: (chain.seq, chain.hash.hex(), chain.state) for name, chain in self.chains.items()}
        told = {one["id"]: (one["seq"], one["head"], one["state"]) for one in (self.heads or {}).get("chains", ())}
        for name in sorted(set(told) | set(found)) if self.heads else ():
            if told.get(name) != found.get(name):
                raise Fault(f"{name} ends with {found.get(name)}, heads.json says {told.get(name)}")

    def report(self) -> Iterator[str]:
        """Say what was found to be true, and what was not looked at."""
        since, until = (time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(at // 10**6)) for at in self.times)
        yield f"TRUE: {self.rows:,} rows of {len(self.chains):,} chains, from {since} to {until}"
        yield f"positions {self.first + 1:,} to {self.position:,}; signed up to {self.signed:,}"
        yield f"signed outside up to {self.signed_outside:,}"
        notes = (
            (not self.pinned, "the keys came with the pack: get the key from elsewhere, and give it with --key"),
            (not self.signed_outside, "no checkpoint from outside: whoever has the signing key can write a log anew"),
            (
                self.signed < self.position,
                "the rows after the last good checkpoint are bound to one another, and no more",
            ),
            (self.newer, f"checkpoints from outside that are newer than the pack: {self.newer:,}"),
            (self.hidden, f"rows of which there is only the hash; a chain may go on in them: {self.hidden:,}"),
            (self.first, f"the rows up to {self.first:,} were let go by retention"),
            (self.cut, "what the chains go on from is believed: the service's log, which is not here, would show it"),
            (self.missing, f"charts that are not here, so the steps of their rows were not checked: {self.missing}"),
            (not self.heads, "this is no pack: nothing says where the chains should end"),
        )
        yield from ("NOTE: " + text for applies, text in notes if applies)


def check_proof(proof: dict[str, Any], keys: list[Key]) -> str:
    """Check the proof of one row: the row leads to its hash, the hash by the path to the root, and that is signed."""
    text, key = open_note(proof["checkpoint"], keys)
    name, size, root = text.split("\n")[:3]
    if not re.fullmatch("[0-9a-f]{64}", proof["previous"]) or type(proof["position"]) is not int:
        raise Fault("its position is no number, or what it calls the hash of the row before is none")
    link = sha256(bytes.fromhex(proof["previous"]) + proof["row"].encode())
    path = [bytes.fromhex(each) for each in proof["path"]]
    found = climb(proof["position"] - 1, int(size), sha256(b"\x00" + link), path)
    if name != key.name or found != base64.b64decode(root):
        raise Fault(f"the row is not at position {proof['position']} of the log that was signed for")
    return f"TRUE: at position {proof['position']} of the {size} rows of {name} there is\n{proof['row']}"


def read_outside(path: str) -> list[Any]:
    """Read the checkpoints of a file outside: a line of JSON each. A line that was cut off by a crash is none."""
    lines = Path(path).read_text("utf-8", errors="replace").splitlines()
    found = [json.loads(line) for line in lines if re.match(r'{"at":[0-9]+,"checkpoint":"[^"]*"}$', line)]
    if not found:
        raise ValueError(path + " has no checkpoint in it")
    return found


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("pack", nargs="?", type=Path, help="a zip, a folder, or an export as NDJSON")
    options.add_argument("--key", action="append", default=[], help="a verifier key that you trust; may be given again")
    options.add_argument("--checkpoints", help="a file of checkpoints from a place that the operator cannot change")
    options.add_argument("--some-chains", action="store_true", help="the export has whole chains, but not all of them")
    options.add_argument("--proof", type=Path, help="the proof of a single row")
    asked = options.parse_args()
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # not every terminal has all letters
    if (asked.proof is None) == (asked.pack is None) or (asked.proof and not asked.key):
        options.error("name a pack, or a proof and a key")
    log = None
    try:
        keys = [Key(text) for text in asked.key]
        if asked.proof:
            print(check_proof(json.loads(asked.proof.read_text("utf-8")), keys))
            return 0
        outside = read_outside(asked.checkpoints) if asked.checkpoints else []
        log = Log(Pack(asked.pack), keys, outside, asked.some_chains)
        log.read()
        print("\n".join(log.report()))
    except Fault as fault:
        print("NOT TRUE:", log.where + ":" if log else "", fault)
        return 1
    except Exception as error:
        print("cannot be read:", log.where + ":" if log else "", repr(error), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
