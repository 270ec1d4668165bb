"""The page that goes with an assignment: how to install, how to work, what to hand in, and when."""

import mininet
from mininet_course.exercise import Written
from mininet_course.grading import page
from mininet_course.grading.content import counted
from mininet_course.grading.pack import EXERCISES, Pack

FILE = "read-me-first.html"
PYTHON = "3.11"  # as in pyproject.toml
WHEEL = f"mininet_course-{mininet.__version__}-py3-none-any.whl"

LINUX = """\
python3 -m venv course
source course/bin/activate
pip install ./{wheel} jupyterlab matplotlib
jupyter lab"""
WINDOWS = """\
py -m venv course
course\\Scripts\\Activate.ps1
pip install .\\{wheel} jupyterlab matplotlib
jupyter lab"""


def handout(pack: Pack, files: list[str], due: str = "") -> str:
    """Return the page in HTML; ``files`` are the notebooks that it is handed out with."""
    together = " and ".join([", ".join(files[:-1]), files[-1]] if files[1:] else files)
    judged = [name for name in pack.points if not isinstance(EXERCISES[name], Written)]
    return page.render(
        "handout.html",
        assignment=pack.name,
        counted=counted(len(pack.points), "exercise"),
        most=f"{sum(pack.points.values()):g}",
        minutes=sum(EXERCISES[name].minutes for name in pack.points),
        due=due,
        python=PYTHON,
        wheel=WHEEL,
        linux=LINUX.format(wheel=WHEEL),
        windows=WINDOWS.format(wheel=WHEEL),
        files=together,
        first=(judged or [*pack.points])[0],
        words=len(judged) < len(pack.points),
        exercises=[
            {
                "name": name,
                "title": EXERCISES[name].title,
                "minutes": EXERCISES[name].minutes,
                "points": f"{points:g}",
            }
            for name, points in pack.points.items()
        ],
    )
