"""Real servers on loopback: nginx, OpenSSH's SFTP, S3 (moto), Google Cloud Storage (emulator)."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from josi_utils.publish import NGINX_LOCATIONS


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _await_port(port: int, process: subprocess.Popen, what: str, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{what} ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(0.02)
    raise RuntimeError(f"{what} does not listen on {port}")


@contextlib.contextmanager
def _running(command: list[str], port: int, log: Path, **more) -> Iterator[subprocess.Popen]:
    with open(log, "wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True, **more)
    try:
        _await_port(port, process, command[0])
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(10)


def find(binary: str) -> str | None:
    return shutil.which(binary, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextlib.contextmanager
def nginx(root: Path, work: Path, *, pem: Path | None = None) -> Iterator[str]:
    """Serve ``root`` by nginx with the headers that ``josi publish`` recommends.

    ``pem`` (key and certificate) makes it https; ``/down/`` then redirects to plain http.
    ``/whole/`` is the same files from a server that knows no ranges.
    """
    binary = find("nginx")
    if binary is None:
        pytest.skip("nginx is not installed (apt-get install nginx-light)")
    work.mkdir(parents=True, exist_ok=True)
    port = free_port()
    user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
    tls = f" ssl; ssl_certificate {pem}; ssl_certificate_key {pem}" if pem else ""
    down = "location /down/ { return 302 http://127.0.0.1:1/x; }"
    down += f" location ^~ /whole/ {{ alias {root}/; max_ranges 0; gzip off; }}"
    (work / "nginx.conf").write_text(f"""
{user} worker_processes 1; daemon off; pid {work}/pid; error_log {work}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; sendfile_max_chunk 4m;
  gzip on; gzip_types *; gzip_min_length 1;
  client_body_temp_path {work}/b; proxy_temp_path {work}/p; fastcgi_temp_path {work}/f;
  uwsgi_temp_path {work}/u; scgi_temp_path {work}/s;
  server {{ listen 127.0.0.1:{port}{tls}; root {root}; {NGINX_LOCATIONS} {down} }}
}}""")
    command = [binary, "-c", str(work / "nginx.conf"), "-p", str(work), "-e", str(work / "err")]
    with _running(command, port, work / "log"):
        yield f"{'https' if pem else 'http'}://127.0.0.1:{port}"


@contextlib.contextmanager
def sftp(home: Path, work: Path) -> Iterator[str]:
    """Run OpenSSH's server for the present user; write client key and known_hosts to ``home``."""
    binary, keygen = find("sshd"), find("ssh-keygen")
    if binary is None or keygen is None:
        pytest.skip("sshd is not installed (apt-get install openssh-server)")
    work.mkdir(parents=True, exist_ok=True)
    ssh = home / ".ssh"
    ssh.mkdir(parents=True, mode=0o700)
    for path in (work / "host_key", ssh / "id_ed25519"):
        command = [keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(path)]
        subprocess.run(command, check=True)
    shutil.copy(ssh / "id_ed25519.pub", work / "authorized_keys")
    port = free_port()
    host_key = " ".join((work / "host_key.pub").read_text().split()[:2])
    (ssh / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}\n")
    (work / "sshd_config").write_text(f"""
Port {port}
ListenAddress 127.0.0.1
HostKey {work}/host_key
AuthorizedKeysFile {work}/authorized_keys
PidFile {work}/pid
StrictModes no
UsePAM no
PasswordAuthentication no
Subsystem sftp internal-sftp
""")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with _running([binary, "-D", "-e", "-f", str(work / "sshd_config")], port, work / "log"):
        yield f"sftp://{getpass.getuser()}@127.0.0.1:{port}"


@contextlib.contextmanager
def s3(work: Path) -> Iterator[str]:
    """Run moto's S3 server; return its endpoint."""
    pytest.importorskip("moto", reason="moto is not installed (pip install 'moto[s3]' flask)")
    pytest.importorskip("flask_cors", reason="flask-cors is not installed")
    pytest.importorskip("s3fs", reason="s3fs is not installed")
    port = free_port()
    work.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with _running(command, port, work / "log"):
        yield f"http://127.0.0.1:{port}"


_GCS = """
import sys
from gcp_storage_emulator.server import create_server
server = create_server("127.0.0.1", int(sys.argv[1]), in_memory=True, default_bucket="josi-test")
server.run()
"""


@contextlib.contextmanager
def gcs(work: Path) -> Iterator[str]:
    """Run the Google Cloud Storage emulator with the bucket ``josi-test``."""
    # The emulator speaks the JSON interface alone; gcsfs would ask Google over gRPC besides.
    os.environ["GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"] = "false"
    pytest.importorskip("gcp_storage_emulator", reason="gcp-storage-emulator is not installed")
    pytest.importorskip("gcsfs", reason="gcsfs is not installed")
    port = free_port()
    work.mkdir(parents=True, exist_ok=True)
    with _running([sys.executable, "-c", _GCS, str(port)], port, work / "log", cwd=work):
        yield f"http://127.0.0.1:{port}"
