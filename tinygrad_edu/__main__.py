"""``python -m tinygrad_edu`` is the command ``tinygrad-edu``."""

import sys

from .commands.main import main

sys.exit(main())
