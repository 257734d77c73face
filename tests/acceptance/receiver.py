"""A receiver of the log in a process of its own, to be killed; its arguments: kind, port, certificate, file.

It appends each row that it has received to the file, one line each, before it says or does anything else.
"""

import asyncio
import json
import os
import ssl
import sys
from pathlib import Path

from aiohttp import web


class Kept:
    """The file that a killed process leaves."""

    def __init__(self, path: Path) -> None:
        """Open it at its end."""
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def keep(self, rows: bytes) -> None:
        """Append whole lines, at once."""
        os.write(self._file, rows)


class Syslog(asyncio.Protocol):
    """Octet counting (RFC 6587 §3.4.1); the body of a message is what follows its structured data."""

    def __init__(self, kept: Kept) -> None:
        """Begin with nothing."""
        self._kept, self._data = kept, b""

    def data_received(self, data: bytes) -> None:
        """Keep every message that is whole."""
        self._data += data
        rows = b""
        while (at := self._data.find(b" ")) > 0 and len(self._data) > at + int(self._data[:at]):
            end = at + 1 + int(self._data[:at])
            message, self._data = self._data[at + 1 : end], self._data[end:]
            rows += message.partition(b'"] ')[2] + b"\n"
        self._kept.keep(rows)


async def main(kind: str, port: int, certificate: str, path: Path) -> None:
    """Receive until killed."""
    kept = Kept(path)
    context = None
    if kind in {"https", "syslog+tls"}:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    if kind == "https":

        async def take(request: web.Request) -> web.StreamResponse:
            kept.keep(await request.read())
            return web.Response()

        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post("/in", take)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=context, reuse_address=True)
        await site.start()
        port = runner.addresses[0][1]
    else:
        server = await asyncio.get_running_loop().create_server(
            lambda: Syslog(kept), "127.0.0.1", port, ssl=context, reuse_address=True
        )
        port = server.sockets[0].getsockname()[1]
    sys.stdout.write(json.dumps({"port": port}) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], Path(sys.argv[4])))
