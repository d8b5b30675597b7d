import os
import signal
import subprocess
import sys
import time

import pytest

from jobs.embedded.processes import end, interruptible, members, start

# A parent that leaves at once, a child in a process group of its own that ignores polite requests.
ORPHANS = """
import os, signal, sys, time
if os.fork():
    sys.exit()
os.setpgid(0, 0)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def orphan(tmp_path):
    """A session whose leader is gone and whose last process is in another process group."""
    log = tmp_path / "log"
    leader = start([sys.executable, "-c", ORPHANS], log, os.environ)
    leader.wait()
    while "ready" not in log.read_text():
        time.sleep(0.02)
    yield leader.pid
    end([leader.pid], patience=0)


def test_a_session_holds_on_to_orphans(orphan):
    (process,) = members([orphan])
    assert process.pid != orphan
    assert os.getpgid(process.pid) != orphan


def test_end_ends_what_ignores_the_polite_request(orphan):
    assert end([orphan], patience=0.2) == 1
    assert members([orphan]) == []


def test_end_spares_other_sessions(orphan, tmp_path):
    other = start(["sleep", "600"], tmp_path / "other", os.environ)
    end([other.pid])
    assert other.wait() == -signal.SIGTERM
    assert len(members([orphan])) == 1


def test_sigterm_interrupts_like_ctrl_c():
    code = (
        "import time\nfrom jobs.embedded.processes import interruptible\n"
        "with interruptible():\n"
        "    try:\n        print('ready', flush=True)\n        time.sleep(60)\n"
        "    except KeyboardInterrupt:\n        print('interrupted')"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == "interrupted\n"
    assert process.returncode == 0


def test_handlers_are_put_back():
    before = signal.getsignal(signal.SIGTERM)
    with interruptible():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
