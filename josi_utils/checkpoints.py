"""Checkpoints that survive what happens to them: kills, torn writes, a full disk, other work."""

from __future__ import annotations

import contextlib
import errno
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.files import write_json

#: Stands in a checkpoint that was saved to the end.
WHOLE = "whole.json"
#: Says in the checkpoints' folder what work they belong to.
MARK = "work.json"

#: How PyTorch's and safetensors' writers, which raise no OSError, say that the disk is full.
FULL = ("no space left", "os error 28", "os error 122", "quota exceeded", "inline_container.cc")


def mark_whole(folder: Path, step: int) -> None:
    """Say in a checkpoint's folder that it was saved to the end."""
    write_json(folder / WHOLE, {"step": step})


def matching_checkpoint(folder: Path, work: dict[str, Any], *, resume: bool = True) -> Path | None:
    """Return the newest whole checkpoint of the same work; other work's are removed.

    Parameters
    ----------
    folder : Path
        Where checkpoints lie.
    work : dict
        What decides the result (parameters, hashes of rows and base); compared with the mark.
    resume : bool
        Off, the folder is emptied.
    """
    mark = folder / MARK
    try:
        same = resume and json.loads(mark.read_text()) == work
    except (OSError, ValueError):
        same = False
    if not same:
        shutil.rmtree(folder, ignore_errors=True)
        write_json(mark, work)
        return None
    remove_torn(folder)
    return newest_whole(folder)


def remove_torn(folder: Path) -> None:
    """Remove checkpoints that a kill or a full disk left half written."""
    for path in folder.glob("checkpoint-*"):
        if not (path / WHOLE).is_file():
            shutil.rmtree(path, ignore_errors=True)


def newest_whole(folder: Path) -> Path | None:
    """Return the whole checkpoint of the highest step, or None."""
    whole = [path.parent for path in folder.glob(f"checkpoint-*/{WHOLE}")]
    return max(whole, key=lambda path: int(path.name.split("-")[1]), default=None)


def is_full_disk(error: BaseException | None) -> bool:
    """Tell whether an error, or one that it came from, means that the disk is full."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if any(sign in str(error).lower() for sign in FULL):
            return True
        error = error.__cause__ or error.__context__
    return False


@contextlib.contextmanager
def full_disk_explained(room: Path) -> Iterator[None]:
    """Turn a full disk into one clear line; the last whole checkpoint stays, torn ones go."""
    try:
        yield
    except JosiError:
        raise
    except Exception as error:
        if not is_full_disk(error):
            raise
        remove_torn(room / "checkpoints")
        last = newest_whole(room / "checkpoints")
        kept = f"{last.name} is kept" if last else "there is no checkpoint yet"
        raise JosiError(
            f"{room}: the disk is full, training stopped ({kept}); free some room and run again"
        ) from error


def save_adapter(trainer: Any, folder: Path) -> None:
    """Write the best adapter as a whole folder, replacing an older one; one process writes.

    Where the model lies in pieces (FSDP), the best checkpoint's own files are taken.
    """
    from josi_utils.files import fresh_folder

    if not trainer.is_world_process_zero():
        return
    best = trainer.state.best_model_checkpoint
    with fresh_folder(folder) as work:
        if not trainer.args.load_best_model_at_end:
            for name in ("adapter_config.json", "adapter_model.safetensors"):
                shutil.copyfile(Path(best) / name, work / name)
        else:
            trainer.model.save_pretrained(work)
        trainer.processing_class.save_pretrained(work)
