"""A service made by hand for the tests of commands, and a way to run one."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

from typer.testing import CliRunner

from syncline.cli import app

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "syn_1_secretsecretsecret_abcdef"


class Service:
    """A service that answers what it was told to, and remembers what it was asked."""

    def __init__(self) -> None:
        """Answer 404 until told otherwise."""
        self.answers: dict[str, tuple[int, Any]] = {}
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        #: Answers one request after the other, for whatever has an answer; None: always the same.
        self.answering: Callable[[], tuple[int, Any]] | None = None
        service = self

        class Handler(BaseHTTPRequestHandler):
            def _do(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                service.asked.append((self.command, self.path, dict(self.headers), json.loads(body) if body else None))
                known = self.path.partition("?")[0] in service.answers
                status, document = service.answers.get(self.path.partition("?")[0], (404, {"code": "route.unknown"}))
                if known and service.answering is not None:
                    status, document = service.answering()
                self.send_response(status)
                self.end_headers()
                self.wfile.write(document if isinstance(document, bytes) else json.dumps(document).encode())

            do_GET = do_POST = do_PATCH = do_DELETE = _do  # noqa: N815  as the standard library calls them

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def stop(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def run(url: str, *arguments: str, key: str = KEY, typed: str = "") -> tuple[int, str, str]:
    """Run a command; answers exit code, standard output and standard error."""
    environment = {"SYNCLINE_URL": url, "SYNCLINE_KEY": key, "COLUMNS": "200", "TERM": "dumb"}
    result = CliRunner().invoke(app, list(arguments), env=environment, input=typed)
    return result.exit_code, result.stdout, result.stderr
