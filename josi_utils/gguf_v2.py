"""A copy of a GGUF whose header says version 2, for readers that refuse version 3.

Version 3 is version 2 plus big-endian files, so for a little-endian file the four bytes of the
version are all that differs. That is all the copy can mend: a reader from before version 3 may
still lack the ``smollm`` pre-tokenizer or tied output weights, and some newer readers refuse 2.
"""

from __future__ import annotations

import os
import shutil
import struct
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.files import replacing, require_room_on_disk, sha256_file
from josi_utils.gguf_header import read_header

#: What a changed version number cannot mend, for the user to read.
CANNOT_FIX = (
    "a reader older than llama.cpp #8609 (July 2024) does not know the smollm pre-tokenizer and "
    "splits numbers wrongly",
    "a reader older than llama.cpp #5824 (March 2024) does not know tied output weights and stops "
    "at 'output.weight not found'",
    "some newer readers accept version 3 alone: ship this copy beside the original, never for it",
)


def patch_gguf_v2(src: Path | str, dst: Path | str) -> dict[str, Any]:
    """Copy a little-endian version 3 GGUF to ``dst`` as version 2; ``src`` is never touched.

    Parameters
    ----------
    src, dst : path
        The original and the copy; they must be two files. An older ``dst`` is replaced whole.

    Returns
    -------
    dict
        ``path``, ``size``, ``sha256`` (the copy's own), ``source_sha256``, ``warnings``.

    Raises
    ------
    JosiError
        If ``src`` is not GGUF, is big-endian, version 1 or already 2, is broken, or is ``dst``.
    """
    src, dst = Path(src), Path(dst)
    header = read_header(src)  # refuses non-GGUF, big-endian, version 1 and broken files by name
    if header.version != 3:
        raise JosiError(
            f"{src}: is GGUF version {header.version} already; only version 3 is patched"
        )
    if src.resolve() == dst.resolve() or (dst.exists() and os.path.samefile(src, dst)):
        raise JosiError(f"{dst}: is the source itself; name another file for the copy")
    require_room_on_disk(dst.parent, header.size)
    source_sha256 = sha256_file(src)
    with replacing(dst) as temporary:
        shutil.copyfile(src, temporary)
        with open(temporary, "r+b") as stream:
            stream.seek(4)
            stream.write(struct.pack("<I", 2))
        if read_header(temporary).version != 2:  # the reader's view, before the name is taken
            raise JosiError(f"{dst}: the copy does not read as version 2; try again")
    return {
        "path": str(dst),
        "size": header.size,
        "sha256": sha256_file(dst),
        "source_sha256": source_sha256,
        "warnings": list(CANNOT_FIX),
    }
