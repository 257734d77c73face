"""Answers that are sent compressed, to those who say that they can read them so."""

from aiohttp import web

#: An answer that is shorter than this gains nothing.
_WORTH_IT = 512


def compress_later(request: web.Request, response: web.Response, codings: tuple[str, ...] = ("gzip", "deflate")) -> str:
    """Let a response be compressed while it is sent, in the first of these codings that the client takes.

    Answers the coding, '' when there is none.
    """
    body = response.body
    if body is None or (isinstance(body, bytes) and len(body) < _WORTH_IT):
        return ""
    accepted = _accepted(request.headers.get("Accept-Encoding", ""))
    chosen = next((coding for coding in codings if coding in accepted), "")
    if chosen:
        response.enable_compression(web.ContentCoding(chosen))
        response.headers["Vary"] = "Accept-Encoding"
    return chosen


def _accepted(header: str) -> set[str]:
    parts = [part.partition(";") for part in header.lower().split(",")]
    return {name.strip() for name, _, weight in parts if weight.replace(" ", "") not in ("q=0", "q=0.0")}
