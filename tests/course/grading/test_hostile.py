"""Submissions that fight: none gains a point, harms another question by a crash, or leaves the sandbox."""

import contextlib
import getpass
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from mininet_course.grading.execution import Submission
from mininet_course.grading.sandbox import Lost, Sandbox
from tests.support.sandboxed import RIGHT, grade, needs_sandbox, notebook, questions, states

pytestmark = [needs_sandbox, pytest.mark.slow]

# nothing of these may pass, and the answers around them must
WRONG = {
    "an object equal to everything": """
class Equal:
    def __eq__(self, other): return True
    def __array__(self, *a, **k): return np.ones(3)
    def __getattr__(self, name): return Equal()
def sigmoid(z): return Equal()""",
    "an array equal to everything": """
class Equal(np.ndarray):
    def __eq__(self, other): return np.True_
    def __sub__(self, other): return np.zeros(self.shape)
def sigmoid(z): return np.ones(np.shape(z)).view(Equal)""",
    "np.allclose replaced": """
np.allclose = lambda *a, **k: True
def sigmoid(z): return 0 * z""",
    "the checker replaced": """
import mininet_course, mininet_course.engine as engine, mininet_course.compare as compare
mininet_course.check = engine.judge = compare.difference = compare.same = lambda *a, **k: None
def sigmoid(z): return 0 * z""",
    "our own functions, found by the collector": """
import gc, types
def sigmoid(z):
    gc.unfreeze()
    for thing in gc.get_objects():
        if isinstance(thing, types.FunctionType) and thing.__name__ in ("encode", "encode_result", "find"):
            if str(thing.__module__).startswith("mininet_course"):
                thing.__code__ = (lambda *a, **k: {"value": 0, "error": None, "line": "", "printed": ""}).__code__
    return 0 * z""",
    "the watch for overflow, found by the collector": """
import gc, types
gc.unfreeze()
for thing in gc.get_objects():
    if isinstance(thing, type) and thing.__name__ == "Watched":
        del thing.__array_ufunc__
def sigmoid(z):
    z = np.asarray(z)
    with np.errstate(all="ignore"): return np.where(z >= 0, 1 / (1 + np.exp(-z)), 0.001)""",
    "another process in the place of the answer's": """
import os, socket, threading
def sigmoid(z):
    if os.fork(): os._exit(0)
    return 0 * z""",
    "a reply of its own": """
import os, socket, struct, json
data = json.dumps({"said": [{"answer": [{"text": "x"}]}], "late": False}).encode()
for number in range(3, 64):
    try: socket.socket(fileno=os.dup(number)).sendall(struct.pack(">I", len(data)) + data)
    except OSError: pass
sigmoid = print""",
    "a message without end": """
import os, socket, struct
for number in range(3, 64):
    try: socket.socket(fileno=os.dup(number)).sendall(struct.pack(">I", 2**32 - 1))
    except OSError: pass""",
    "pickle patched": """
import pickle, copyreg
pickle.loads = pickle.load = lambda *a, **k: True
class Bomb:
    def __reduce__(self): return (exec, ("raise SystemExit",))
def sigmoid(z): return Bomb()""",
    "nan": "def sigmoid(z): return np.full(np.shape(z), np.nan)",
    "killed from within": "import os\ndef sigmoid(z): os.kill(os.getppid(), 9)",
    "everything killed": "import os\ndef sigmoid(z): os.kill(-1, 9); return z",
    "a crash of the interpreter": "import ctypes\ndef sigmoid(z): ctypes.string_at(0)",
    "a crash in the cell": "import os; os._exit(0)",
    "the connection closed": "import os; os.closerange(3, 256)",
    "an interrupt that is swallowed": """
while True:
    try:
        while True: pass
    except BaseException: pass""",
    "80 GB": "everything = np.ones(10**10)",
    "a full disk": """
for number in range(100):
    open(f"/tmp/{number}", "wb").write(b"x" * 10**7)""",
    "a stub for input": "input('points? ')",
}


@pytest.fixture(scope="module")
def submission(walls: None) -> Iterator[Submission]:
    """One for all, as if a student's notebooks were all hostile: none may harm the next either."""
    with Submission(seconds=2) as submission:
        yield submission


@pytest.mark.parametrize("source", WRONG.values(), ids=WRONG)
def test_a_hostile_answer_gets_nothing_and_the_others_get_theirs(source: str, submission: Submission) -> None:
    answers = {"neuron.9": RIGHT["neuron.9"], "neuron.4": source, "neuron.5": RIGHT["neuron.5"]}
    ran = submission.run(notebook(answers), questions(answers))
    assert states(ran) == {"neuron.9": "right", "neuron.4": "wrong", "neuron.5": "right"}


UNSTOPPABLE = {
    "a loop deaf to signals": """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
while True: pass""",
    "a fork bomb": """
import os
while True:
    try: os.fork()
    except OSError: pass""",
}


@pytest.fixture
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a cell that cannot be interrupted be ended soon after its time."""
    monkeypatch.setattr("mininet_course.grading.execution.GRACE", 0.5)


@pytest.mark.usefixtures("no_grace")
@pytest.mark.parametrize("source", UNSTOPPABLE.values(), ids=UNSTOPPABLE)
def test_what_does_not_stop_is_ended_with_all_that_it_started(source: str) -> None:
    others = inside()
    ran = grade({"neuron.4": source, "neuron.5": RIGHT["neuron.5"]}, seconds=1)
    assert states(ran) == {"neuron.4": "wrong", "neuron.5": "right"}
    assert ran.incidents
    until = time.monotonic() + 20
    while inside() > others and time.monotonic() < until:  # they are killed, which takes a moment
        time.sleep(0.1)
    assert inside() == others


@pytest.mark.usefixtures("no_grace")
def test_a_fork_bomb_is_held_small_while_it_burns() -> None:
    others, most = inside(), 0

    def count() -> None:
        nonlocal most
        while not done.wait(0.1):
            most = max(most, inside() - others)

    done = threading.Event()
    counter = threading.Thread(target=count)
    counter.start()
    try:
        grade({"neuron.4": UNSTOPPABLE["a fork bomb"]}, seconds=1)
    finally:
        done.set()
        counter.join()
    assert 1 < most < 150


def test_memory_of_many_processes_is_limited_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mininet_course.grading.sandbox.MEMORY", 700_000_000)
    greedy = """
import os, time
for number in range(5):
    if os.fork() == 0:
        held = np.ones(40_000_000)
        time.sleep(60)
time.sleep(60)"""
    ran = grade({"neuron.4": greedy, "neuron.5": RIGHT["neuron.5"]}, seconds=30, altogether=90)
    assert any("GB of memory" in what for what in ran.incidents)
    assert states(ran)["neuron.5"] == "right"


def test_forty_thousand_lines_cost_nothing_and_are_cut() -> None:
    answer = "for number in range(40_000): print(number)\n" + RIGHT["neuron.4"]
    ran = grade({"neuron.4": answer}, seconds=20)
    assert states(ran) == {"neuron.4": "right"}
    text = ran.outputs[1][0]["text"]
    assert len(text.splitlines()) < 1010 and "39,000 more lines" in text


Said = Callable[[str], str]


@pytest.fixture(scope="module")
def said() -> Iterator[Said]:
    """Return what a cell prints in a sandbox, or the error that it stops with."""
    with Sandbox() as sandbox:
        sandbox.open()

        def say(source: str) -> str:
            reply = sandbox.ask({"do": "run", "source": source, "seconds": 5}, 20)
            (output,) = reply["outputs"]
            return str(output.get("text") or output["ename"])

        yield say


def test_the_network_is_out_of_reach(said: Said) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        port = server.getsockname()[1]
        reach = f"import socket; socket.create_connection(('127.0.0.1', {port}), timeout=3); print('reached')"
        socket.create_connection(("127.0.0.1", port), timeout=3).close()
        server.accept()[0].close()  # from here it can be reached
        assert said(reach) in ("ConnectionRefusedError", "OSError", "TimeoutError")
        with pytest.raises(TimeoutError):
            server.accept()


def test_an_abstract_socket_of_the_host_is_out_of_reach(said: Said) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0mininet-test")
        server.listen()
        reach = "import socket; socket.socket(socket.AF_UNIX).connect('\\0mininet-test'); print('reached')"
        assert said(reach) == "ConnectionRefusedError"


def test_files_of_the_host_are_out_of_sight(tmp_path: Path, said: Said) -> None:
    book = tmp_path / "gradebook.db"
    book.write_text("everyone: 0")
    assert said(f"print(open({str(book)!r}).read())") == "FileNotFoundError"
    assert said(f"open({str(book)!r}, 'w').write('everyone: 100')") == "FileNotFoundError"
    assert book.read_text() == "everyone: 0"
    home = str(Path.home() / ".bashrc")
    assert said(f"print(open({home!r}).read())") in ("FileNotFoundError", "PermissionError")


@pytest.mark.parametrize(
    "folder", ["/usr", "/etc", "/", "/dev", "/proc/sys/kernel", os.path.dirname(os.__file__)]
)
def test_nothing_outside_its_temporary_folder_can_be_written(folder: str, said: Said) -> None:
    assert said(f"open({folder + '/mine'!r}, 'w')") in ("OSError", "PermissionError", "FileNotFoundError")


def test_an_assignment_among_pythons_own_folders_is_out_of_sight(tmp_path: Path) -> None:
    folder = Path(sys.prefix) / "share"
    look = f"import os; print(os.listdir({str(folder)!r}))"
    for hide in (None, folder):
        with Sandbox(hide=hide) as sandbox:
            sandbox.open()
            reply = sandbox.ask({"do": "run", "source": look, "seconds": 5}, 20)
        assert (reply["outputs"][0]["text"] == "[]\n") == (hide is not None)


def test_the_course_itself_cannot_be_changed(said: Said) -> None:
    ran = said("import mininet; open(mininet.__file__, 'a')")
    assert ran in ("OSError", "PermissionError")


def test_it_is_nobody_and_sees_nobody(said: Said) -> None:
    assert int(said("import os; print(os.getuid())")) not in (0, os.getuid())
    assert int(said("import os; print(len([n for n in os.listdir('/proc') if n.isdigit()]))")) < 6
    assert getpass.getuser() not in said("import os; print(dict(os.environ))")
    assert said("import os; os.setuid(0)") == "PermissionError"
    assert said("import resource; resource.setrlimit(resource.RLIMIT_AS, (2**40, 2**40))") == "ValueError"


def test_two_submissions_share_nothing() -> None:
    with Sandbox() as one, Sandbox() as other:
        for sandbox, source in ((one, "open('/tmp/note', 'w').write('x')"), (other, "open('/tmp/note')")):
            sandbox.open()
            reply = sandbox.ask({"do": "run", "source": source, "seconds": 5}, 10)
        assert reply["outputs"][0]["ename"] == "FileNotFoundError"


def test_pages_and_scripts_do_not_come_out() -> None:
    show = """
from IPython.display import HTML, Javascript, display
display(HTML("<script>1</script>"), Javascript("1"))
import matplotlib.pyplot as plt
figure = plt.plot([1, 2])"""
    outputs = grade({}, [show], seconds=30).outputs[1]
    kinds = {kind for output in outputs for kind in output.get("data", {})}
    assert kinds == {"text/plain", "image/png"}


def test_a_sandbox_that_is_gone_says_so() -> None:
    with Sandbox() as sandbox:
        sandbox.open()
        sandbox._process.kill()
        sandbox._process.wait()
        time.sleep(0.1)
        with pytest.raises(Lost):
            sandbox.ask({"do": "run", "source": "1", "seconds": 5}, 10)


def test_too_many_crashes_end_the_notebook_not_the_grading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mininet_course.grading.execution.RESTARTS", 1)
    crash = "import os; os._exit(1)"
    ran = grade({"neuron.9": RIGHT["neuron.9"], "neuron.4": crash, "neuron.5": crash})
    assert states(ran) == {"neuron.9": "right", "neuron.4": "wrong", "neuron.5": "wrong"}
    assert any("too often" in what for what in ran.incidents)


def inside() -> int:
    """Count the processes in our sandboxes; the user that they run as is on their command line."""
    user = str(1_000_000_000 + os.getpid())
    count = 0
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            count += user in process.cmdline()
    return count
