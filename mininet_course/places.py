"""Where the course lies on this machine: its two packages, its contents, its notebooks; in a clone or installed."""

from pathlib import Path

import mininet

_HERE = Path(__file__).parent

# whoever must tell our lines from a learner's, or take the course somewhere else, needs both packages
PACKAGES = (Path(mininet.__file__).parent, _HERE)
# an installed package carries contents and notebooks inside; in a clone they lie beside the packages
_INSTALLED = _HERE / "book"
BOOK = _INSTALLED if _INSTALLED.is_dir() else _HERE.parent
CONTENTS = BOOK / "_toc.yml"
