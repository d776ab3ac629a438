"""`python -m openada`."""

import sys

from openada.cli import main

sys.exit(main())
