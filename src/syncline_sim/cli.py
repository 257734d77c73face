"""The command line of the simulated world."""

import argparse
import asyncio
import json
import signal
import sqlite3
import sys
from collections.abc import Sequence

from syncline_sim import arguments
from syncline_sim.app import Plan, Simulation
from syncline_sim.salesforce import editions
from syncline_sim.world import World

_ABOUT = """\
A simulated world to try Syncline out and to test it: a Salesforce with login, verification and approval pages, OAuth
2.0 and a data API; a Marketo; a mailbox; and a control door to make things go wrong. Nothing leaves this machine unless
--send-anywhere allows it. Unaffiliated with either vendor, for local use and tests only.
"""
_MORE = """\
examples:
  syncline-sim                            any free ports, 5000 leads and contacts
  syncline-sim --control-port 8702        then open http://127.0.0.1:8702/ for users, pages and every control call
  syncline-sim --json | head -1           one line of JSON for a program
  syncline-sim --seed 7 --leads 100       another world, a small one
  syncline-sim --data world.db            kept in a file; started again with it, the world goes on where it was
  syncline-sim --tls-dir certs            HTTPS too, and a proxy for clients that know the vendors' hosts only:
                                          HTTPS_PROXY=PROXY REQUESTS_CA_BUNDLE=certs/ca.pem your-client

make something go wrong while it runs:
  curl -d '{"side": "salesforce", "kind": "status", "match": "token.refresh", "status": 503}' CONTROL/faults
  curl -d '{"side": "marketo", "kind": "expire", "pages": 1}' CONTROL/faults
  curl -d '{"side": "salesforce", "seed": 7, "kinds": {"reset": 0.02, "slow": 0.1}}' CONTROL/schedules
  curl -d '{"side": "salesforce", "session_lifetime": 60}' CONTROL/switches
  curl -d '{"advance": 86400}' CONTROL/clock

The same seed makes the same records, keys and codes. It reads no environment variables. Ctrl-C or
SIGTERM ends it at once; whoever still waits for an answer gets none.
"""


def main(given: Sequence[str] | None = None) -> int:
    """Run a world until a signal ends it, and answer the exit code."""
    parser = _parser()
    options = parser.parse_args(given)
    arguments.check(parser, options)
    if options.sandbox and not editions.find(options.edition).sandboxes:
        parser.error(f"there are no sandboxes of --edition {options.edition}")
    try:
        asyncio.run(_run(options))
    except (OSError, sqlite3.Error) as error:
        print(f"syncline-sim: {arguments.advice(error, options)}", file=sys.stderr)  # noqa: T201 - a command line prints
        return 1
    return 0


async def _run(options: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    world = World(seed=options.seed, data=options.data)
    world.main_org = {"edition": options.edition, "is_sandbox": options.sandbox}
    plan = Plan(
        host=options.host,
        public_host=options.public_host,
        salesforce_port=options.salesforce_port,
        marketo_port=options.marketo_port,
        control_port=options.control_port,
        leads=options.leads,
        contacts=options.contacts,
        tls_dir=options.tls_dir,
        salesforce_tls_port=options.salesforce_tls_port,
        marketo_tls_port=options.marketo_tls_port,
        proxy_port=options.proxy_port,
        send_anywhere=options.send_anywhere,
    )
    simulation = Simulation(world, plan)
    try:
        await simulation.start()
        _announce(simulation, as_json=options.json or not sys.stdout.isatty())
        await stopped.wait()
    finally:
        await simulation.stop()
        world.close()


def _announce(simulation: Simulation, *, as_json: bool) -> None:
    address = simulation.address()
    lines = [json.dumps(address)]
    if not as_json:
        lines = [
            f"Simulated Salesforce  {address['salesforce']}",
            f"Simulated Marketo     {address['marketo']}",
            f"Control door          {address['control']}  (open it in a browser: users, pages, every control call)",
            f"Log in as             {address['user']['username']} with {address['user']['password']}",
        ]
        if "proxy" in address:
            lines += [
                f"Salesforce by HTTPS   {address['salesforce_https']}",
                f"Marketo by HTTPS      {address['marketo_https']}",
                f"Proxy                 {address['proxy']}  (leads the vendors' host names here, and no others)",
                f"CA certificate        {address['ca']}",
            ]
    print(*lines, sep="\n", flush=True)  # noqa: T201 - a command line prints


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="syncline-sim", description=_ABOUT, epilog=_MORE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    text = "name that its own URLs carry, for example when --host is 0.0.0.0 (default: that of --host)"
    parser.add_argument("--public-host", default="", metavar="HOST", help=text)
    for name in ("salesforce", "marketo", "control"):
        text = f"port of the {name} door, 0 for any free one (default: %(default)s)"
        parser.add_argument(f"--{name}-port", type=arguments.port, default=0, metavar="PORT", help=text)
    text = (
        "write the certificate of a CA of this run to DIR/ca.pem, and open HTTPS doors and a proxy (default: no HTTPS)"
    )
    parser.add_argument("--tls-dir", default="", metavar="DIR", help=text)
    for name in ("salesforce", "marketo"):
        text = f"port of the {name} door for HTTPS, 0 for any free one (default: %(default)s)"
        parser.add_argument(f"--{name}-tls-port", type=arguments.port, default=0, metavar="PORT", help=text)
    text = "port of a CONNECT proxy that leads the vendors' host names to the HTTPS doors, 0 for any free one"
    text += " (default: %(default)s)"
    parser.add_argument("--proxy-port", type=arguments.port, default=0, metavar="PORT", help=text)
    text = "let outbound messages and webhooks go to other machines too, not to this one only (default: no)"
    parser.add_argument("--send-anywhere", action="store_true", help=text)
    parser.add_argument("--seed", type=arguments.whole, default=1, help="which world it is (default: %(default)s)")
    text = "edition of the main org (default: %(default)s); with -api the API was bought for it"
    parser.add_argument("--edition", choices=editions.KEYS, default="enterprise", help=text)
    parser.add_argument("--sandbox", action="store_true", help="the main org is a sandbox (default: no)")
    parser.add_argument(
        "--leads", type=arguments.count, default=5000, metavar="N", help="how many leads (default: %(default)s)"
    )
    text = "how many contacts (default: %(default)s)"
    parser.add_argument("--contacts", type=arguments.count, default=5000, metavar="N", help=text)
    text = "keep the world in this file (default: in a nameless one in TMPDIR that ends with the world)"
    parser.add_argument("--data", default="", metavar="FILE", help=text)
    text = "print one line of JSON when ready, as without a terminal (default: only there)"
    parser.add_argument("--json", action="store_true", help=text)
    return parser
