"""Debian's nginx and PgBouncer with the configurations of deploy/, on free ports in a folder.

Started by the tests and by ``many_participants``. What is changed of the configurations is where
things are: ports, certificate, logs, database. Everything else is as it is shipped.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import make_url

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"
PROGRAMS = ("nginx", "pgbouncer", "openssl")
START_SECONDS = 240.0  # ten where nothing else runs
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"  # where Debian has servers, and users no path


def program(name: str) -> str | None:
    """Return where a program is, or None."""
    return shutil.which(name, path=_PATH)


def free_port() -> int:
    """Return a port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def changed(text: str, changes: Mapping[str, str]) -> str:
    """Replace texts that must be there."""
    for old, new in changes.items():
        if old not in text:
            raise ValueError(f"{old!r} is not in the configuration any more; change the tool, too.")
        text = text.replace(old, new)
    return text


class Daemon:
    """A process that listens at a port of this machine until it is stopped."""

    def __init__(
        self, folder: Path, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self._command = command
        self._environment = dict(os.environ) | dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it listens."""
        with (self.folder / "daemon.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log, env=self._environment, cwd=DEPLOY.parent
            )
        deadline = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", self.port)):
                    return
            time.sleep(0.05)
        said = (self.folder / "daemon.log").read_text()
        self.stop()
        raise RuntimeError(said)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop it."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(timeout=30)


class App(Daemon):
    """One process of app.py.

    Parameters
    ----------
    folder
        An empty one, for what visitors upload.
    environment
        Its settings; the port is added.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        super().__init__(folder, [sys.executable, "app.py"], environment)
        self._environment |= {
            "GRADIO_SERVER_PORT": str(self.port),
            "GRADIO_TEMP_DIR": str(folder / "gradio"),
        }
        self.url = f"http://127.0.0.1:{self.port}"

    def processor_seconds(self) -> float:
        """Return the time that processors have spent on it, on Linux."""
        if self._process is None:
            return 0.0
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Nginx(Daemon):
    """deploy/nginx.conf before two processes of the app, with a certificate of its own.

    Parameters
    ----------
    folder
        An empty one.
    apps
        Ports of the two processes.
    """

    def __init__(self, folder: Path, apps: tuple[int, int]) -> None:
        main = folder / "main.conf"
        super().__init__(folder, [program("nginx") or "nginx", "-e", "stderr", "-c", str(main)])
        self.certificate = folder / "certificate.pem"
        self.url = f"https://localhost:{self.port}/truehue"
        make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        make += ["-nodes", "-keyout", f"{folder}/key.pem", "-out", f"{self.certificate}"]
        make += ["-days", "2"]
        make += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        subprocess.run(make, check=True, capture_output=True)
        site = changed(
            (DEPLOY / "nginx.conf").read_text(),
            {
                "127.0.0.1:7861": f"127.0.0.1:{apps[0]}",
                "127.0.0.1:7862": f"127.0.0.1:{apps[1]}",
                "listen 80;": f"listen 127.0.0.1:{free_port()};",
                "listen 443 ssl;": f"listen 127.0.0.1:{self.port} ssl;",
                "study.example": "localhost",
                "/etc/truehue/": f"{folder}/",
                "/var/log/nginx/truehue.log": f"{folder}/truehue.log",
            },
        )
        (folder / "site.conf").write_text(site)
        parts = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "".join(f"{part}_temp_path {folder}/{part};\n" for part in parts)
        user = "user root;\n" if os.geteuid() == 0 else ""
        main.write_text(
            f"{user}daemon off;\npid {folder}/nginx.pid;\nworker_rlimit_nofile 8192;\n"
            f"events {{ worker_connections 4096; }}\nhttp {{\n{temporary}include site.conf;\n}}\n"
        )

    def check(self) -> str:
        """Return what `nginx -t` says; raises where it finds a fault."""
        done = subprocess.run([*self._command, "-t"], check=True, capture_output=True, text=True)
        return done.stderr


class PgBouncer(Daemon):
    """deploy/pgbouncer.ini before a database of PostgreSQL's.

    Parameters
    ----------
    url
        The database's, with a user who needs no password.
    """

    def __init__(self, url: str) -> None:
        folder = Path(tempfile.mkdtemp(prefix="pgbouncer-"))
        ini = folder / "pgbouncer.ini"
        # It refuses to be root, and then needs a folder of the user that it changes to.
        as_user = ["-u", "postgres"] if os.geteuid() == 0 else []
        if as_user:
            shutil.chown(folder, "postgres")
        super().__init__(folder, [program("pgbouncer") or "pgbouncer", *as_user, str(ini)])
        target = make_url(url)
        host = target.query.get("host") or target.host
        port = f" port={target.port}" if target.port else ""
        text = changed(
            (DEPLOY / "pgbouncer.ini").read_text(),
            {
                "host=127.0.0.1 port=5432 dbname=truehue": f"host={host}{port} "
                f"dbname={target.database} user={target.username}",
                "listen_port = 6432": f"listen_port = {self.port}\nunix_socket_dir =",
                "auth_type = scram-sha-256": "auth_type = any",
                "auth_file = /etc/pgbouncer/userlist.txt\n": "",
                "/var/log/postgresql/": f"{folder}/",
                "/var/run/postgresql/": f"{folder}/",
            },
        )
        ini.write_text(text)
        self.url = f"postgresql://{target.username}@127.0.0.1:{self.port}/truehue"

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop it, and remove its files."""
        super().stop(how)
        shutil.rmtree(self.folder, ignore_errors=True)
