"""`python -m syncline_sim` is `syncline-sim`."""

import sys

from syncline_sim.cli import main

sys.exit(main())
