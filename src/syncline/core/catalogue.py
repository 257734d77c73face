"""The error catalogue: what each of our own codes means, why it happens, what to do and who can do it.

The providers add theirs (`Source.problems`, `Target.problems`). A house test finds every code that is raised anywhere
and holds it against this catalogue.
"""

from syncline.core.catalogue_destinations import DESTINATIONS
from syncline.core.catalogue_doors import DOORS
from syncline.core.catalogue_exports import EXPORTS
from syncline.core.catalogue_hooks import HOOKS
from syncline.core.catalogue_inside import INSIDE
from syncline.core.catalogue_log import LOG
from syncline.errors import Problem

_ALL = (*DESTINATIONS, *DOORS, *EXPORTS, *HOOKS, *INSIDE, *LOG)
CATALOGUE: dict[str, Problem] = {problem.code: problem for problem in _ALL}
