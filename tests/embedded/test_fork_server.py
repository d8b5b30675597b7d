"""A real fork server and real clients: a fork is its client in everything, and never outlives it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from jobs import fork_client
from jobs.embedded.processes import end
from jobs.fork_client import FORKS

STAGE = """
import json, os, sys
print(json.dumps({"argv": sys.argv[1:], "cwd": os.getcwd(), "mine": os.environ.get("MINE"),
                  "theirs": os.environ.get("THEIRS"), "here": sys.path[0], "stdin": sys.stdin.read(),
                  "warm": "tomllib" in sys.modules, "jobs": "jobs.fork_client" in sys.modules}))
print("told", file=sys.stderr)
"""
ENDS = {
    "ends": ("pass", 0),
    "ends_by_code": ("import sys; sys.exit(65)", 65),
    "ends_by_words": ("import sys; sys.exit('no input')", 1),
    "raises": ("raise ValueError('broken')", 1),
    "is_killed": ("import os; os.kill(os.getpid(), 9)", 137),
    "leaves_late": (
        "import atexit, sys, threading, time\n"
        "atexit.register(print, 'said at the end')\n"
        "threading.Thread(target=lambda: (time.sleep(0.2), print('said by a thread'))).start()\n"
        "sys.exit(3)",
        3,
    ),
}
SLEEPS = """
import os, subprocess, sys, time
children = [subprocess.Popen(["sleep", "600"], **options)
            for options in ({}, {"process_group": 0}, {"start_new_session": True})]
orphan = "sleep 600 >/dev/null 2>&1 & echo $!"
grandchild = subprocess.run(["setsid", "sh", "-c", orphan], stdout=subprocess.PIPE, text=True)
print(os.getpid(), *(child.pid for child in children), grandchild.stdout, flush=True)
time.sleep(600)
"""


@pytest.fixture
def server(tmp_path):
    """A server whose path is longer than an address of a socket, and the environment of its clients."""
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    path = folder / "stages.socket"
    process = subprocess.Popen(
        [sys.executable, "-m", "jobs.embedded.fork_server", str(path), "tomllib", "no_such_library"],
        start_new_session=True,
        cwd=Path(__file__).parents[2], env={**os.environ, "THEIRS": "the server's"},
    )  # fmt: skip
    wait_for(path.exists)
    yield {**os.environ, FORKS: str(path), "MINE": "my own", "SERVER": str(process.pid)}
    process.kill()
    process.wait()


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)


def command(module, *argv):
    return [sys.executable, fork_client.__file__, module, *argv]


def run(server, folder, code, *argv, **options):
    (folder / "a_stage.py").write_text(code)
    return subprocess.run(
        command("a_stage", *argv), env=server, cwd=folder, text=True, capture_output=True, **options
    )


def test_a_fork_is_what_its_client_would_have_been(server, tmp_path):
    done = run(server, tmp_path, STAGE, "--window-start", "2026-06-28", input="to read")

    told = json.loads(done.stdout)
    assert done.returncode == 0 and done.stderr == "told\n"
    assert told["argv"] == ["--window-start", "2026-06-28"] and told["stdin"] == "to read"
    assert told["cwd"] == told["here"] == str(tmp_path)
    assert told["mine"] == "my own" and told["theirs"] is None
    assert told["warm"] and not told["jobs"]


@pytest.mark.parametrize("end", ENDS)
def test_it_ends_as_its_module_does(server, tmp_path, end):
    code, expected = ENDS[end]

    done = run(server, tmp_path, code)

    assert done.returncode == expected
    if end == "ends_by_words":
        assert done.stderr == "no input\n"
    if end == "raises":
        assert "ValueError: broken" in done.stderr
    if end == "leaves_late":
        assert done.stdout.splitlines() == ["said by a thread", "said at the end"]


def test_a_killed_client_takes_its_fork_and_what_that_started_along(server, tmp_path):
    (tmp_path / "a_stage.py").write_text(SLEEPS)
    client = subprocess.Popen(
        command("a_stage"), env=server, cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    pids = [int(pid) for pid in client.stdout.readline().split()]
    assert len(pids) == 5 and all(psutil.pid_exists(pid) for pid in pids)
    # What people see is what runs.
    assert " ".join(psutil.Process(pids[0]).cmdline()).strip() == f"{sys.executable} -m a_stage"

    client.kill()
    client.wait()

    wait_for(lambda: not any(alive(pid) for pid in pids))
    assert run(server, tmp_path, "print('still served')").stdout == "still served\n"


def alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_what_a_person_edits_is_what_runs_next(server, tmp_path):
    assert run(server, tmp_path, "print('before')").stdout == "before\n"
    assert run(server, tmp_path, "print('after it')").stdout == "after it\n"


def test_many_at_once_each_have_their_own(server, tmp_path):
    (tmp_path / "a_stage.py").write_text("import sys, time; time.sleep(0.2); print(sys.argv[1])")
    clients = [
        subprocess.Popen(
            command("a_stage", str(n)), env=server, cwd=tmp_path, stdout=subprocess.PIPE, text=True
        )
        for n in range(6)
    ]
    assert [client.communicate()[0] for client in clients] == [f"{n}\n" for n in range(6)]


def test_without_a_server_the_client_runs_the_module_itself(tmp_path):
    nowhere = {**os.environ, FORKS: str(tmp_path / "gone.socket")}
    done = run(nowhere, tmp_path, "import sys; print(sys.argv[1]); sys.exit(4)", "here")
    assert (done.returncode, done.stdout) == (4, "here\n")


def test_a_server_that_dies_lets_its_forks_end(server, tmp_path):
    (tmp_path / "a_stage.py").write_text("print('began', flush=True); input(); print('ended')")
    client = subprocess.Popen(
        command("a_stage"), env=server, cwd=tmp_path, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert client.stdout.readline() == "began\n"

    end([int(server["SERVER"])])

    assert client.communicate("\n")[0] == "ended\n" and client.returncode == 0


def test_who_waits_for_a_fork_is_lost_and_its_client_fails(server, tmp_path):
    done = run(server, tmp_path, "import os; os.kill(os.getppid(), 9)")
    assert done.returncode == 1


def test_nobody_else_may_connect(server):
    assert Path(server[FORKS]).stat().st_mode & 0o077 == 0


def test_a_server_ends_with_its_parent(tmp_path):
    path = tmp_path / "stages.socket"
    parent = (
        "import os, subprocess, sys, time\n"
        f"server = subprocess.Popen([sys.executable, '-m', 'jobs.embedded.fork_server', {str(path)!r}, "
        "'--parent', str(os.getpid())])\n"
        "print(server.pid, flush=True); time.sleep(600)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", parent], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True
    )
    pid = int(process.stdout.readline())
    wait_for(path.exists)

    process.send_signal(signal.SIGKILL)
    process.wait()

    wait_for(lambda: not alive(pid))
