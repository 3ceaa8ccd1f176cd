"""`python -m jcopsh`."""

import sys

from jcopsh.cli import main

sys.exit(main())
