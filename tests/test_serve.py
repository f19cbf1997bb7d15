"""The temporary share: ranges as RFC 9110 has them, one file, an end to it."""

import hashlib
import http.client
import subprocess
import threading
import time
from urllib.parse import urlsplit

import pytest
from delivery_world import random_file
from hypothesis import given
from hypothesis import strategies as st

from josi_utils.download import Hooks, download
from josi_utils.errors import JosiError
from josi_utils.serve import announcement, serve
from josi_utils.serve_http import parse_range


@pytest.fixture
def file(tmp_path):
    return random_file(tmp_path / "josi model.gguf", 300_000, 1)


def ask(share, method="GET", path=None, **headers):
    parts = urlsplit(share.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path or parts.path, headers=names)
    answer = connection.getresponse()
    answer.body = answer.read()
    connection.close()
    return answer


def test_whole_file_then_the_end(file):
    share = serve(file, downloads=1)
    answer = ask(share)
    assert answer.status == 200
    assert hashlib.sha256(answer.body).hexdigest() == share.sha256
    assert share.wait(5) and share.downloads == 1
    with pytest.raises(OSError):
        time.sleep(0.3)
        ask(share)


def test_head_tells_everything_and_counts_nothing(file):
    with serve(file) as share:
        answer = ask(share, "HEAD")
        assert (answer.status, answer.body) == (200, b"")
        assert answer.getheader("Content-Length") == "300000"
        assert answer.getheader("ETag") == f'"{share.sha256}"'
        assert answer.getheader("Accept-Ranges") == "bytes"
        assert share.downloads == 0


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", (0, 1)), ("bytes=10-19", (10, 20)), ("bytes=299999-", (299_999, 300_000)),
        ("bytes=-5", (299_995, 300_000)), ("bytes=-999999", (0, 300_000)),
        ("bytes=0-999999", (0, 300_000)),
    ],
)  # fmt: skip
def test_a_range_gives_just_its_bytes(file, header, expected):
    start, end = expected
    with serve(file, downloads=None) as share:
        answer = ask(share, Range=header)
        assert answer.status == 206
        assert answer.body == file.read_bytes()[start:end]
        assert answer.getheader("Content-Range") == f"bytes {start}-{end - 1}/300000"


@pytest.mark.parametrize("header", ["bytes=300000-", "bytes=-0"])
def test_range_beyond_the_end_is_416(file, header):
    with serve(file) as share:
        answer = ask(share, Range=header)
        assert (answer.status, answer.getheader("Content-Range")) == (416, "bytes */300000")


@pytest.mark.parametrize("header", ["bytes=5-2", "bytes=0-1,3-4", "lines=1-2", "bytes=-", "junk"])
def test_range_that_cannot_be_read_sends_all(file, header):
    with serve(file, downloads=None) as share:
        assert ask(share, Range=header).status == 200


def test_if_range_with_another_etag_sends_all(file):
    with serve(file, downloads=None) as share:
        etag = f'"{share.sha256}"'
        assert ask(share, Range="bytes=5-", If_Range=etag).status == 206
        assert ask(share, Range="bytes=5-", If_Range='"other"').status == 200
        assert ask(share, Range="bytes=5-", If_Range=f"W/{etag}").status == 200
        assert ask(share, If_None_Match=etag).status == 304


@given(header=st.text(alphabet="bytes=-,0123456789 x", max_size=24), size=st.integers(0, 100))
def test_no_range_header_leaves_the_file(header, size):
    parsed = parse_range(header, size)
    if isinstance(parsed, tuple):
        assert 0 <= parsed[0] < parsed[1] <= size
    else:
        assert parsed in (None, "unsatisfiable")


@pytest.mark.parametrize(
    "path", ["/", "/josi%20model.gguf", "/x/josi%20model.gguf", "/TOKEN/", "/TOKEN/other",
             "/TOKEN/../josi%20model.gguf", "/TOKEN/%2e%2e/%2e%2e/etc/passwd"],
)  # fmt: skip
def test_any_other_path_is_not_found(file, path):
    with serve(file) as share:
        token = urlsplit(share.url).path.split("/")[1]
        assert ask(share, path=path.replace("TOKEN", token)).status == 404
        assert len(token) >= 32


def test_other_methods_are_refused(file):
    with serve(file) as share:
        assert ask(share, "POST").status == 501
        assert ask(share, "DELETE").status == 501


def test_only_this_machine_by_default(file):
    with serve(file) as share:
        assert urlsplit(share.url).hostname == "127.0.0.1"
        assert share._server.socket.getsockname()[0] == "127.0.0.1"


def test_time_ends_it(file):
    share = serve(file, minutes=0.4 / 60)
    assert ask(share, "HEAD").status == 200
    assert share.wait(5)
    time.sleep(0.3)
    with pytest.raises(OSError):
        ask(share, "HEAD")


def test_file_changed_meanwhile_is_not_served_as_what_was_announced(file):
    with serve(file) as share:
        file.write_bytes(b"other")
        assert ask(share).status == 404


def test_cut_download_does_not_count_and_can_go_on(file, tmp_path):
    with serve(file, downloads=1) as share:
        assert len(ask(share, Range="bytes=0-99999").body) == 100_000
        assert share.downloads == 0
        assert not share.wait(0.1)
        received = download(share.url, tmp_path / "got", sha256=share.sha256)
        assert received.bytes == 300_000
        assert share.wait(5)


def test_four_readers_at_once(file, tmp_path):
    with serve(file, downloads=None) as share:
        jobs = [threading.Thread(target=download, args=(share.url, tmp_path / f"got{i}"),
                                 kwargs={"sha256": share.sha256, "hooks": Hooks()})
                for i in range(4)]  # fmt: skip
        for job in jobs:
            job.start()
        for job in jobs:
            job.join()
        assert share.downloads == 4
    assert {p.read_bytes() for p in tmp_path.glob("got?")} == {file.read_bytes()}


def test_curl_resumes_from_it(file, tmp_path):
    got = tmp_path / "got"
    got.write_bytes(file.read_bytes()[:123_456])
    with serve(file) as share:
        command = ["curl", "-sS", "--fail", "-C", "-", "-o", str(got), share.url]
        try:
            subprocess.run(command, check=True, timeout=20)
        except FileNotFoundError:
            pytest.skip("curl is not installed")
    assert got.read_bytes() == file.read_bytes()


def test_folder_share_has_no_listing_and_no_way_out(tmp_path):
    site = tmp_path / "site"
    random_file(site / "a/b.bin", 1000, 1)
    (tmp_path / "secret").write_text("x")
    (site / "link").symlink_to(tmp_path / "secret")
    (site / ".hidden").write_text("x")
    with serve(site) as share:
        base = urlsplit(share.url).path
        assert ask(share, path=base + "a/b.bin").status == 200
        for path in ("", "a", "a/", "link", ".hidden", "../secret", "%2e%2e/secret", "a//b.bin"):
            assert ask(share, path=base + path).status == 404, path


def test_announcement_has_link_checksum_and_picture(file):
    with serve(file) as share:
        text = announcement(share)
        assert share.url in text and share.sha256 in text
        assert text.count("█") > 50
        assert "plain http" not in text
        assert "ends    in 60 minutes, or after 1 whole downloads" in text


def test_announced_commands_fetch_and_check(file, tmp_path):
    """As they stand, typed by somebody who was sent them."""
    (tmp_path / "elsewhere").mkdir()
    with serve(file) as share:
        lines = dict(line.split(None, 1) for line in announcement(share).splitlines()[:5])
        for command in ("get", "check"):
            subprocess.run(lines[command], shell=True, check=True, timeout=20, capture_output=True,
                           cwd=tmp_path / "elsewhere")  # fmt: skip


def test_announced_folder_names_its_channels(tmp_path):
    random_file(tmp_path / "site/channels/beta.json", 10, 1)
    with serve(tmp_path / "site") as share:
        told = announcement(share)
        assert f"josi fetch {share.url}channels/beta.json --to ./install" in told
        assert "sha256" not in told


def test_picture_is_the_link_and_fits_a_terminal(file):
    """Scanned back from the half blocks that are printed: the code that holds just this link."""
    import segno

    with serve(file) as share:
        rows = announcement(share).split("\n\n")[1].rstrip("\n").split("\n")
        assert max(map(len, rows)) <= 80
        dark = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}
        lit = [[dark[sign][half] for sign in row] for row in rows for half in (0, 1)]
        wanted = [[bit for bit in line]
                  for line in segno.make(share.url, error="l").matrix_iter(border=4)]  # fmt: skip
        # Light modules are printed as lit ones.
        seen = [[1 - bit for bit in line] for line in lit][: len(wanted)]
        assert [line[: len(wanted)] for line in seen] == wanted


def test_nothing_to_share_is_one_clear_line(tmp_path):
    with pytest.raises(JosiError, match="no such file"):
        serve(tmp_path / "nothing")
    random_file(tmp_path / "f", 10, 1)
    with pytest.raises(JosiError, match="at least 1"):
        serve(tmp_path / "f", downloads=0)
