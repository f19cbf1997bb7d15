"""llama.cpp itself as the oracle: its converter and tools, of the binding's own source archive.

The tools are compiled against the shared libraries that the binding brings, in seconds: the very
llama.cpp that this package uses, and no second build of it.
"""

from __future__ import annotations

import functools
import hashlib
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from josi_utils.paths import cache_dir

SOURCE = "llama_cpp_python-0.3.36"
#: What is taken out of the archive, below ``vendor/llama.cpp/``.
WANTED = (
    "convert_hf_to_gguf.py", "convert_lora_to_gguf.py", "conversion/", "gguf-py/", "include/",
    "common/", "ggml/include/", "tools/perplexity/", "tools/quantize/", "tools/batched-bench/",
)  # fmt: skip


@functools.cache
def llama_source(*, download: bool) -> Path:
    """Return the llama.cpp folder of the pinned binding's source archive, or skip."""
    cache = cache_dir() / "llama-cpp-source"
    llama = cache / "source" / "vendor" / "llama.cpp"
    if all((llama / part).exists() for part in WANTED):
        return llama
    archive = cache / f"{SOURCE}.tar.gz"
    if not archive.is_file():
        if not download:
            pytest.skip("llama.cpp's source is not in outputs/.cache: run pytest -m slow once")
        cache.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:"]
        command += ["llama-cpp-python==0.3.36", "-d", str(cache)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode:
            pytest.skip(f"the source archive cannot be fetched: {done.stderr.strip()[-200:]}")
    with tarfile.open(archive) as tar:
        prefix = f"{SOURCE}/vendor/llama.cpp/"
        for member in tar.getmembers():
            if member.name.startswith(tuple(prefix + part for part in WANTED)):
                member.name = member.name.removeprefix(f"{SOURCE}/")
                tar.extract(member, cache / "source", filter="data")
    return llama


@functools.cache
def llama_tool(name: str, *, download: bool) -> Path:
    """Return a compiled tool, such as ``"perplexity"``, or skip where it cannot be built.

    Quantised files need ``--no-repack`` where the processor has AMX, see
    :func:`josi_utils.llama_runtime.model_params`.
    """
    import llama_cpp

    llama = llama_source(download=download)
    libraries = Path(llama_cpp.__file__).parent.parent / "lib"
    if not (libraries / "libllama-common.so").exists() or not shutil.which("c++"):
        pytest.skip("no C++ compiler, or the binding came without libllama-common.so")
    place = hashlib.sha256(str(libraries).encode()).hexdigest()[:8]  # it is linked to one .venv
    tool = llama.parent.parent / f"bin-{place}" / f"llama-{name}"
    if not tool.is_file():
        tool.parent.mkdir(exist_ok=True)
        new = tool.with_suffix(".new")
        folder = llama / "tools" / name
        command = ["c++", "-std=c++17", "-O2", "-pthread", "-o", str(new)]
        command += [f"-I{llama / part}" for part in ("include", "common", "ggml/include")]
        command += [f"-I{folder}", *map(str, sorted(folder.glob("*.cpp"))), f"-L{libraries}"]
        command += [f"-l{part}" for part in ("llama-common", "llama", "ggml", "ggml-base")]
        command += [f"-Wl,--disable-new-dtags,-rpath,{libraries}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr[-2000:]
        new.rename(tool)
    return tool
