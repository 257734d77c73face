"""Where the charts are: the one answer for a checkout and for an installed package."""

from pathlib import Path

_PACKAGE = Path(__file__).parent
CURRENT = "integration.v1.yaml"
SERVICE = "service.v1.yaml"


def chart_folder() -> Path:
    """Answer the folder of the charts: beside `src/` in a checkout, inside the package in a wheel.

    An editable install does not show the checkout's folder to `importlib.resources`, hence plain paths.
    """
    checkout = _PACKAGE.parent.parent / "statecharts"
    return checkout if (checkout / CURRENT).is_file() else _PACKAGE / "statecharts"
