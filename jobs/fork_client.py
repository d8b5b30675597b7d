"""``python fork_client.py MODULE ARGV…``: run a module as ``python -m`` does, but in a fork of the
server that the environment names, and end as it ends.

Standard library only, because a start of this costs every stage. Where no server answers, the module
runs in this process.
"""

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# The server's socket.
FORKS = "NOCTURNE_FORKS"
FAILURE = 1
STANDARD = (0, 1, 2)


def main() -> int:
    """Have the module run; returns its exit code, of one that was killed 128 and the signal."""
    with socket.socket(socket.AF_UNIX) as server:
        try:
            with below(Path(os.environ[FORKS])) as name:
                server.connect(name)
        except OSError:
            os.execv(sys.executable, [sys.executable, "-m", *sys.argv[1:]])  # noqa: S606 - our own argv
        request = {"argv": sys.argv[1:], "cwd": str(Path.cwd()), "environment": dict(os.environ)}
        socket.send_fds(server, [b"\n"], STANDARD)
        server.sendall(json.dumps(request).encode() + b"\n")
        # Should we be killed, the server sees this end close, and kills what it has forked for us.
        answer = server.makefile().read()
    code = int(answer) if answer else FAILURE
    return code if code >= 0 else 128 - code


@contextmanager
def below(path: Path) -> Iterator[str]:
    """Be in the folder of a socket: its address holds some hundred characters, paths may have more."""
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        yield path.name
    finally:
        os.chdir(before)


if __name__ == "__main__":
    sys.exit(main())
