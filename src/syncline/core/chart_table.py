"""A chart as a plain table for those who have no reader of charts: what each event may lead to in each state."""

import msgspec

from syncline.core.chart import Chart

#: Stands among the targets for staying in the state.
STAYS = ""


def write_table(chart: Chart) -> bytes:
    """Answer the chart as JSON: `chart`, `initial`, `finals`, `steps` and the `source` that its name is the digest of.

    `steps` has, by state and event, the states that it may lead to, in order; guards choose among them and are not
    told. What is in no list is unexpected.
    """
    steps: dict[str, dict[str, list[str]]] = {}
    for (state, trigger), rule in chart.rules.items():
        targets = {step.to or STAYS for step in rule.steps.values() if not step.refused_by}
        steps.setdefault(state, {})[trigger] = sorted(targets)
    table = {
        "chart": chart.reference,
        "initial": chart.initial,
        "finals": sorted(chart.finals),
        "steps": steps,
        "source": chart.content.decode(),
    }
    return msgspec.json.encode(table, order="sorted")
