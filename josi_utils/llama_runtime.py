"""llama.cpp in this process: quiet, with clear errors, and always freed.

``llama_cpp.Llama`` frees itself in ``__del__``, which prints exceptions when the interpreter ends
first; so whoever loads a model closes it (:func:`open_model` does). The guard's encoder uses the
low-level interface and ends with the process.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from josi_utils.errors import JosiError
from josi_utils.gguf_header import read_header

if TYPE_CHECKING:
    from llama_cpp import Llama

_WARN, _ERROR, _CONTINUED = 3, 4, 5  # of enum ggml_log_level
_listeners: list[tuple[list[str], Any]] = []


def threads() -> int:
    """Return how many threads to use: the cores this process may run on."""
    return max(1, len(os.sched_getaffinity(0)))


@contextlib.contextmanager
def quiet_llama() -> Iterator[list[str]]:
    """Keep llama.cpp's log off the screen and yield its warnings and errors as lines.

    The log callback is one per process; blocks may be nested, the outer one is restored.
    """
    import llama_cpp
    from llama_cpp._logger import llama_log_callback as default_callback

    lines: list[str] = []
    keep = [False]

    @llama_cpp.llama_log_callback
    def collect(level: int, text: bytes, _: Any) -> None:
        if level != _CONTINUED:
            keep[0] = level in (_WARN, _ERROR)
        if keep[0]:
            piece = text.decode("utf-8", "replace").rstrip("\n")
            if level == _CONTINUED and lines:
                lines[-1] += piece
            elif piece:
                lines.append(piece)

    _listeners.append((lines, collect))
    llama_cpp.llama_log_set(collect, ctypes.c_void_p(0))
    try:
        yield lines
    finally:
        _listeners.pop()
        before = _listeners[-1][1] if _listeners else default_callback
        llama_cpp.llama_log_set(before, ctypes.c_void_p(0))


def model_params() -> Any:
    """Return llama.cpp's default model parameters, without AMX where it was built in.

    Some compilers drop the stores that fill the tile configuration before ``ldtilecfg``, and the
    first quantised matrix ends the process (general protection fault in
    ``ggml_backend_amx_mul_mat``; f16 models do not get there). AMX and repacking share one switch;
    a build without AMX keeps its repacking.
    """
    import llama_cpp

    params = llama_cpp.llama_model_default_params()
    if b"AMX_INT8 = 1" in llama_cpp.llama_print_system_info():
        params.use_extra_bufts = False
    return params


@lru_cache(maxsize=1)
def _llama_class() -> type[Llama]:
    """Return ``Llama`` with :func:`model_params`' switch, which its constructor does not offer."""
    import llama_cpp

    class QuietLlama(llama_cpp.Llama):
        @property
        def model_params(self) -> Any:
            return self._model_params

        @model_params.setter
        def model_params(self, value: Any) -> None:
            value.use_extra_bufts = model_params().use_extra_bufts
            self._model_params = value

    return QuietLlama


def load_model(
    path: Path | str,
    *,
    vocab_only: bool = False,
    n_ctx: int = 1024,
    logits_all: bool = False,
    lora_path: Path | str | None = None,
    seed: int = 0,
    n_threads: int | None = None,
) -> Llama:
    """Load a GGUF file; the caller closes the result (``.close()``).

    Parameters
    ----------
    path : path
        The model; its header is checked first, so that native code never sees a broken one.
    vocab_only : bool
        Only the tokenizer, in milliseconds.
    n_ctx : int
        Context in tokens. A prompt of Josi's is under 400; more only costs memory.
    logits_all : bool
        Keep the logits of every position (for perplexity and KL divergence).
    lora_path : path, optional
        An adapter as GGUF.

    Raises
    ------
    JosiError
        If the file is missing, broken, or llama.cpp refuses it, with its own last word.
    """
    read_header(path)
    # The binding goes on without the adapter where llama.cpp refuses the file.
    if lora_path and read_header(lora_path).metadata.get("general.type") != "adapter":
        raise JosiError(f"{lora_path}: no adapter; export it with josi export --adapter")
    cores = n_threads or threads()
    with quiet_llama() as log:
        try:
            return _llama_class()(
                str(path),
                vocab_only=vocab_only,
                n_ctx=n_ctx,
                n_batch=min(n_ctx, 512),
                n_ubatch=min(n_ctx, 512),
                logits_all=logits_all,
                lora_path=str(lora_path) if lora_path else None,
                n_threads=cores,
                n_threads_batch=cores,
                n_gpu_layers=0,
                seed=seed,
                verbose=False,
            )
        except (ValueError, RuntimeError) as error:
            said = next((line for line in log if "error" in line.lower()), str(error))
            raise JosiError(f"{path}: llama.cpp cannot load it ({said.strip()[:200]})") from None


@contextlib.contextmanager
def open_model(path: Path | str, **options: Any) -> Iterator[Llama]:
    """Load a model for the length of a block (options as of :func:`load_model`) and free it."""
    model = load_model(path, **options)
    try:
        with quiet_llama():
            yield model
    finally:
        with quiet_llama():
            model.close()
