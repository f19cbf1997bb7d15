"""The Kotlin sample compiled and run on a JVM: real TLS, real signature, Android's own JSON.

Needs a Java of 17 or newer, Debian's ``libandroid-json-java`` (the ``org.json`` that Android has)
and a Kotlin compiler, which comes inside a Python package:
``pip install --no-deps kotlin-jupyter-kernel==0.19.0.944``.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from pathlib import Path

import pytest
import real_servers
from delivery_world import KEY, make_bundle

from josi_utils.download import in_rollout
from josi_utils.publish import publish
from josi_utils.release_kotlin import SAMPLE
from josi_utils.signing import generate_key, load_key, public_key, sign

pytestmark = pytest.mark.slow

ANDROID_JSON = Path("/usr/share/java/com.android.json.jar")
SIZE = 300_000
CHUNK = 16 * 1024
ROLLOUT = {"percent": 37.5, "salt": "josi-1.0.0"}

#: What an app would write around the sample, for one file.
MAIN = """
package com.mivalta.josi

import java.io.File
import java.net.URL
import java.time.Instant

fun main(args: Array<String>) {
    val manifest = verifiedManifest(File(args[0]).readBytes(), listOf(args[1]))
    checkFresh(manifest, "josi", args[4].toLong(), Instant.parse(args[5]))
    println("rollout " + (0 until 60).filter { inRollout(manifest, "phone-$it") }.joinToString(","))
    val entry = manifest.getJSONArray("files").getJSONObject(0)
    val hashes = entry.getJSONArray("chunk_sha256").let { all -> List(all.length()) { all.getString(it) } }
    val target = File(args[3], entry.getString("name"))
    println("kept " + goodPrefix(File(target.path + ".part"), entry.getInt("chunk_size"), hashes))
    val url = URL(args[2] + "/" + entry.getString("path"))
    fetch(url, target, entry.getLong("size"), entry.getString("sha256"), entry.getInt("chunk_size"), hashes)
    println("installed " + target.length())
}
"""


def jars() -> dict[str, Path]:
    spec = importlib.util.find_spec("run_kotlin_kernel")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("no Kotlin compiler (pip install --no-deps kotlin-jupyter-kernel==0.19.0.944)")
    folder = Path(next(iter(spec.submodule_search_locations))) / "jars"
    names = ("kotlin-jupyter-kernel", "kotlin-stdlib", "kotlin-reflect", "kotlin-script-runtime",
             "annotations")  # fmt: skip
    return {name: next(folder.glob(f"{name}-[0-9]*.jar")) for name in names}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """Compile sample and caller with every warning an error; return the class path."""
    if shutil.which("java") is None:
        pytest.skip("no java (apt-get install default-jre-headless)")
    if not ANDROID_JSON.is_file():
        pytest.skip("no org.json of Android's (apt-get install libandroid-json-java)")
    found = jars()
    folder = tmp_path_factory.mktemp("kotlin")
    (folder / "JosiDownload.kt").write_text(SAMPLE)
    (folder / "Main.kt").write_text(MAIN)
    runtime = f"{found['kotlin-stdlib']}:{ANDROID_JSON}"
    # The JDK deprecates URL(String) from 20 on; Android does not.
    command = ["java", "-XX:TieredStopAtLevel=1", "-cp", ":".join(map(str, found.values())),
               "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler", "-no-stdlib", "-no-reflect",
               "-Werror", "-jvm-target", "1.8", "-cp", runtime, "-d", str(folder / "out"),
               str(folder / "JosiDownload.kt"), str(folder / "Main.kt")]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return f"{folder / 'out'}:{runtime}"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Publish a file, serve it by nginx over TLS; return folder, address, and trust store."""
    folder = tmp_path_factory.mktemp("world")
    bundle = make_bundle(folder / "bundle", size=SIZE, rollout=ROLLOUT)
    publish(bundle, f"file://{folder}/site")
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
            "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
            str(folder / "key.pem"), "-out", str(folder / "ca.pem")]  # fmt: skip
    keep = ["keytool", "-importcert", "-noprompt", "-alias", "ca", "-file", str(folder / "ca.pem"),
            "-keystore", str(folder / "trust.p12"), "-storetype", "PKCS12", "-storepass",
            "changeit"]  # fmt: skip
    for command in (make, keep):
        subprocess.run(command, check=True, capture_output=True)
    pem = folder / "tls.pem"
    pem.write_text((folder / "key.pem").read_text() + (folder / "ca.pem").read_text())
    with real_servers.nginx(folder / "site", folder / "nginx", pem=pem) as url:
        yield folder, url


@pytest.fixture
def call(compiled, world, tmp_path):
    """Return a function that runs the Kotlin client into an empty folder."""
    folder, url = world

    def run(*, envelope: Path | None = None, key: str = public_key(KEY), base: str = url,
            highest: int = 0, now: str = "2030-01-01T00:00:00Z"):  # fmt: skip
        trust = [f"-Djavax.net.ssl.trustStore={folder / 'trust.p12'}",
                 "-Djavax.net.ssl.trustStorePassword=changeit"]  # fmt: skip
        command = ["java", "-XX:TieredStopAtLevel=1", *trust, "-cp", compiled,
                   "com.mivalta.josi.MainKt", str(envelope or folder / "bundle/manifest.signed.json"),
                   key, base, str(tmp_path), str(highest), now]  # fmt: skip
        return subprocess.run(command, capture_output=True, text=True)

    return run, folder / "bundle/josi.gguf", tmp_path / "josi.gguf", url


def test_the_file_arrives_whole_and_is_not_fetched_again(call):
    run, source, target, _ = call
    done = run()
    taking = ",".join(str(i) for i in range(60) if in_rollout(f"phone-{i}", ROLLOUT))
    assert done.stdout.split("\n")[:3] == [
        f"rollout {taking}", "kept 0", f"installed {SIZE}"
    ], done.stderr  # fmt: skip
    assert target.read_bytes() == source.read_bytes()
    assert not target.with_name("josi.gguf.part").exists()
    # Where it was: no server needed any more.
    assert run(base="https://127.0.0.1:1").returncode == 0


def test_a_cut_download_goes_on_behind_its_last_good_chunk(call):
    run, source, target, _ = call
    part = target.with_name("josi.gguf.part")
    part.write_bytes(source.read_bytes()[: 5 * CHUNK + 100] + b"torn")
    done = run()
    assert f"kept {5 * CHUNK}\n" in done.stdout, done.stderr
    assert target.read_bytes() == source.read_bytes()


def test_a_whole_answer_to_a_range_is_not_appended(call):
    run, source, target, url = call
    target.with_name("josi.gguf.part").write_bytes(source.read_bytes()[: 3 * CHUNK])
    done = run(base=f"{url}/whole")
    assert f"kept {3 * CHUNK}\n" in done.stdout, done.stderr
    assert target.read_bytes() == source.read_bytes()


def test_other_bytes_never_take_the_name(call, world):
    run, source, target, _ = call
    site = world[0] / "site"
    published = next(site.glob("models/*/josi.gguf"))
    data = bytearray(source.read_bytes())
    data[7 * CHUNK] ^= 1
    published.write_bytes(data)
    try:
        done = run()
        assert done.returncode == 1 and "not the published bytes" in done.stderr
        assert not target.exists()
    finally:
        published.write_bytes(source.read_bytes())
    # The next call fetches from the bad chunk on.
    done = run()
    assert f"kept {7 * CHUNK}\n" in done.stdout and target.read_bytes() == source.read_bytes()


def test_old_news_are_refused(call):
    run, _, target, _ = call
    for said, more in [("expired", {"now": "2099-01-01T00:00:00Z"}), ("a replay", {"highest": 2})]:
        done = run(**more)
        assert done.returncode == 1 and said in done.stderr
    assert not target.exists()


def test_a_stranger_is_refused(call, tmp_path):
    run, _, target, url = call
    done = run(key=generate_key(tmp_path / "other.pem"))
    assert done.returncode == 1 and "no trusted key" in done.stderr
    forged = tmp_path / "forged.json"
    forged.write_bytes(sign(b'{"files": []}', [load_key(tmp_path / "other.pem")]))
    assert "no trusted key" in run(envelope=forged).stderr
    other = json.loads(forged.read_text()) | {"payloadType": "text/plain"}
    forged.write_text(json.dumps(other))
    assert "not a manifest" in run(envelope=forged).stderr
    assert "https only" in run(base=url.replace("https", "http")).stderr
    assert not target.exists()
