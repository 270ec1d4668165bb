"""“Open as notebook”: every notebook of the book in JupyterLite, beside the pages."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SETTINGS = Path(__file__).parent / "lite"


class LiteProblem(Exception):
    """JupyterLite could not be built; the message is its own."""


def build(out: Path, contents: list[tuple[Path, str]]) -> None:
    """Build JupyterLite into the folder ``out``, with these files in it, each with its path there.

    The command is called as it is: Sphinx's extension for it asks another host for a font on every page.
    """
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        shutil.copytree(SETTINGS, work, dirs_exist_ok=True)
        for file, path in contents:
            target = work / "files" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        command = [sys.executable, "-m", "jupyterlite_core.app", "build", "--output-dir", str(out.resolve())]
        # without these JupyterLite takes settings of the machine's own Jupyter along
        environment = os.environ | {"JUPYTER_PREFER_ENV_PATH": "1"}
        done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LiteProblem(f"JupyterLite could not be built:\n{(done.stdout + done.stderr)[-3000:]}")
