"""Train in this process, or in many through ``accelerate launch``: one call for CLI and notebook.

Many processes get their work as a file, ``job.json`` in the adapter's room, and each runs this
module; the first one writes the room. On several machines, which see the same room, run the same
command on each, with an accelerate config that names the machines.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.files import read_json, write_json
from josi_utils.sft import SFTParameters
from josi_utils.sft import train as train_here

#: Before lines that the launching process passes on as progress, and as the error.
PROGRESS, FAILURE = "josi progress: ", "josi error: "


def train(
    base: Path,
    train_file: Path,
    valid_file: Path,
    room: Path,
    parameters: SFTParameters,
    *,
    messages: Sequence[Sequence[dict[str, str]]] = (),
    num_processes: int = 1,
    accelerate_config: str = "",
    resume: bool = True,
    report_to: str = "none",
    say: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Fine-tune as :func:`josi_utils.sft.train` does, in one process or in many.

    Parameters
    ----------
    base, train_file, valid_file, room, parameters, resume, report_to, say
        See :func:`josi_utils.sft.train`.
    messages : sequence of conversations
        Answered greedily at each evaluation, for the log.
    num_processes : int
        1 trains here; more go through ``accelerate launch`` (one process a GPU, or CPU processes
        over gloo); 0 takes the number from accelerate's configuration.
    accelerate_config : str
        A file of ``accelerate config``: DDP, FSDP, several machines. Without one, accelerate's own
        default file holds, where there is one.

    Raises
    ------
    JosiError
        What the training raised; or that accelerate could not start it.
    """
    if num_processes < 0:
        raise JosiError(f"num_processes {num_processes}: 1 or more, or 0 for accelerate's own")
    if num_processes == 1 and not accelerate_config:
        return train_here(
            base, train_file, valid_file, room, parameters, sample=_sampler(messages),
            resume=resume, report_to=report_to, say=say,
        )  # fmt: skip
    if accelerate_config and not Path(accelerate_config).is_file():
        raise JosiError(f"accelerate_config {accelerate_config}: no such file")
    job = {
        "base": str(Path(base).resolve()),
        "train_file": str(Path(train_file).resolve()),
        "valid_file": str(Path(valid_file).resolve()),
        "room": str(Path(room).resolve()),
        "parameters": asdict(parameters),
        "messages": [list(conversation) for conversation in messages],
        "processes": num_processes,
        "resume": resume,
        "report_to": report_to,
    }
    job_file = write_json(room / "job.json", job)
    try:
        _run([*launch_command(num_processes, accelerate_config), str(job_file)], say)
    finally:
        job_file.unlink(missing_ok=True)
    return read_json(room / "training.json")


def launch_command(num_processes: int, accelerate_config: str = "") -> list[str]:
    """Return the ``accelerate launch`` command, without the job's file.

    What a configuration file says holds, but for the number of processes where one is given.
    """
    from accelerate.commands.config.config_args import default_config_file

    command = [sys.executable, "-m", "accelerate.commands.accelerate_cli", "launch"]
    configured = accelerate_config or os.path.isfile(default_config_file)
    if accelerate_config:
        command += ["--config_file", accelerate_config]
    if not configured:
        # Without a GPU too: accelerate's other way to CPU processes needs an MPI.
        command += ["--multi_gpu", "--num_machines", "1", "--main_process_port", "0"]
        command += ["--mixed_precision", "no", "--dynamo_backend", "no"]
        threads = max(1, (os.cpu_count() or 1) // max(1, num_processes))
        command += ["--num_cpu_threads_per_process", str(threads)]
    if num_processes:
        command += ["--num_processes", str(num_processes)]
    return [*command, "-m", "josi_utils.launch"]


def _run(command: list[str], say: Callable[[str], None] | None) -> None:
    """Run to the end, passing progress on; the processes' own error becomes ours."""
    root = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": path}, text=True, errors="replace",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    failure, tail = "", []
    try:
        for line in process.stdout or ():
            line = line.rstrip()
            # A progress bar may stand before either mark: it ends no line.
            if PROGRESS in line:
                if say is not None:
                    say(line.partition(PROGRESS)[2])
            elif FAILURE in line:
                failure = failure or line.partition(FAILURE)[2]
            elif line:
                tail = [*tail[-199:], line]
        code = process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if failure:
        raise JosiError(failure)
    if code:
        # The first exception is the cause; what torchrun says after it is about processes.
        raised = [
            line for line in tail if re.match(r"(\[rank\d+\]: )?[\w.]+(Error|Exception)\b", line)
        ]
        reason = (raised or tail[-1:] or ["nothing was printed"])[0]
        raise JosiError(f"accelerate launch ended with {code}: {reason}")


def _sampler(messages: Sequence[Sequence[dict[str, str]]]) -> Any:
    if not messages:
        return None
    from josi_utils.generate import Request
    from josi_utils.training_log import sampler

    return sampler([Request(tuple(conversation)) for conversation in messages])


def work(job_file: Path | str) -> int:
    """Do one process's part of a job; the exit status."""
    from josi_utils.sft_trainer import processes

    job = read_json(job_file)
    try:
        if job["processes"] and processes() != job["processes"]:
            raise JosiError(
                f"accelerate started {processes()} processes, not {job['processes']}; its "
                "configuration says otherwise: accelerate config, or pass accelerate_config"
            )
        train_here(
            Path(job["base"]), Path(job["train_file"]), Path(job["valid_file"]), Path(job["room"]),
            SFTParameters(**job["parameters"]), sample=_sampler(job["messages"]),
            resume=job["resume"], report_to=job["report_to"],
            say=lambda line: print(PROGRESS + line, flush=True),
        )  # fmt: skip
    except JosiError as error:
        print(FAILURE + str(error), flush=True)
        return 2
    finally:
        _leave()
    return 0


def _leave() -> None:
    """End the process group, which would otherwise complain at exit."""
    import torch.distributed as distributed

    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


if __name__ == "__main__":
    raise SystemExit(work(sys.argv[1]))
