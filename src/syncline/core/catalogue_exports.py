"""The codes of the log's ways out: exports and forwarding."""

from syncline.errors import Problem

EXPORTS = (
    Problem(
        "export.old_http",
        "The log is not exported over HTTP/1.0.",
        "An answer in HTTP/1.0 just ends, so one that broke off in the middle would look complete. Some proxies speak "
        "it to the service unless they are told otherwise.",
        "Let the proxy speak HTTP/1.1 to the service (in nginx: proxy_http_version 1.1).",
        "operator",
    ),
    Problem(
        "forwarding.destination",
        "A place that the log is to be forwarded to cannot be used.",
        "The address or one of the options behind its # is wrong, or a file or variable that it names is not there.",
        "Correct the setting; docs/exporting.md lists what can be said.",
        "operator",
    ),
    Problem(
        "forwarding.unreachable",
        "The place that the log is forwarded to does not take rows now.",
        "It is down, overloaded, or cannot be trusted; nothing is lost, the rows wait in the log.",
        "Nothing, if it passes. Otherwise see that it runs and can be reached from here, and that its certificate is "
        "signed by an authority that this service knows.",
        "operator",
        retryable=True,
    ),
    Problem(
        "forwarding.refused",
        "The place that the log is forwarded to refuses the rows.",
        "It answered with a status that means the request is wrong: mostly the token, the address or the form of the "
        "rows. Nothing is left out; the same rows are offered again.",
        "Correct the token, the address or the form, or what is expected there. Where a row is named, all before it "
        "have arrived: see in the log of that place what it has against this one.",
        "operator",
        retryable=True,
    ),
)
