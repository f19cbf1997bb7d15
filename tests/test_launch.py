"""Many processes give one process's adapter; what they say reaches the one who started them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file
from test_sft import PARAMETERS, rows, world  # noqa: F401

from josi_utils import launch, sft
from josi_utils.errors import JosiError
from josi_utils.files import write_jsonl

pytestmark = pytest.mark.real


def train(folder, room, **options):
    changes = options.pop("changes", {})
    return launch.train(
        folder / "base", folder / options.pop("rows", "train.jsonl"), folder / "valid.jsonl",
        folder / room, sft.SFTParameters(**{**PARAMETERS.__dict__, **changes}), **options,
    )  # fmt: skip


def difference(folder, first, second):
    """Largest relative difference of a tensor of two adapters."""
    a, b = (
        load_file(folder / x / "lora_weights/adapter_model.safetensors") for x in (first, second)
    )
    assert a.keys() == b.keys()
    return max(((a[k] - b[k]).norm() / a[k].norm().clamp(min=1e-9)).item() for k in a)


def test_two_gloo_processes_give_the_adapter_of_one(world):  # noqa: F811
    """DDP over the shared prefix: each process its half of every batch, unequal in labels."""
    uneven = rows(24)
    for row in uneven[::2]:
        row["messages"][-1]["content"] += " That was a long answer, was it not?" * 3
    write_jsonl(world / "uneven.jsonl", uneven)
    said = []
    one = train(world, "one", rows="uneven.jsonl", changes={"max_steps": 6, "evaluations": 2})
    two = train(
        world, "two", rows="uneven.jsonl", changes={"max_steps": 6, "evaluations": 2},
        num_processes=2, messages=[uneven[0]["messages"][:-1]], say=said.append,
    )  # fmt: skip
    assert (one["processes"], two["processes"]) == (1, 2)
    assert difference(world, "one", "two") < 1e-4
    assert two["validation_loss_best"] == pytest.approx(one["validation_loss_best"], rel=1e-4)
    log = [json.loads(line) for line in (world / "two/log.jsonl").read_text().splitlines()]
    assert [e["step"] for e in log if "loss" in e] == [1, 2, 3, 4, 5, 6]  # one writer
    assert any("samples" in entry for entry in log)
    assert any(line.startswith("step 1/6") for line in said)
    assert not (world / "two" / "job.json").exists()


def test_a_model_in_pieces_gives_the_same_gradients():
    """FSDP2 itself, two gloo processes; accelerate has no FSDP without a GPU."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    tests = Path(__file__).parent
    done = subprocess.run(
        [*command, str(tests / "sharded_training.py")], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": f"{tests}:{tests.parent}", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-2000:]
    assert done.stdout.count("gradients") == 2


def test_a_configuration_is_respected_and_the_processes_error_is_one_clear_line(world, tmp_path):  # noqa: F811
    config = tmp_path / "config.yaml"
    config.write_text(
        "compute_environment: LOCAL_MACHINE\ndistributed_type: MULTI_GPU\nnum_processes: 2\n"
        "num_machines: 1\nmixed_precision: 'no'\nmain_process_port: 0\ngpu_ids: all\n"
    )
    command = launch.launch_command(0, str(config))
    assert "--num_processes" not in command and command[-2:] == ["-m", "josi_utils.launch"]
    assert launch.launch_command(3, str(config))[-4:-2] == ["--num_processes", "3"]
    with pytest.raises(JosiError, match=r"^batch_size 3 does not divide among 2 processes"):
        train(
            world, "odd", changes={"batch_size": 3}, num_processes=0, accelerate_config=str(config)
        )
    assert not (world / "odd" / "lora_weights").exists()


def test_a_missing_configuration_and_a_wrong_number_are_refused(world):  # noqa: F811
    with pytest.raises(JosiError, match="no such file"):
        train(world, "none", accelerate_config="nowhere.yaml")
    with pytest.raises(JosiError, match="1 or more"):
        train(world, "none", num_processes=-1)
    assert not (world / "none").exists()


def test_a_process_that_is_not_one_of_as_many_as_asked_for_stops(world, tmp_path, capsys):  # noqa: F811
    """As when a configuration for one process meets --num-processes 2."""
    job = tmp_path / "job.json"
    job.write_text(json.dumps({"processes": 2}))
    assert launch.work(job) == 2
    assert "accelerate started 1 processes, not 2" in capsys.readouterr().out
