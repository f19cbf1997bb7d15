"""Run by test_launch in two processes: one packed batch through a model that FSDP2 cut in pieces."""

from __future__ import annotations

import sys

import torch
import torch.distributed as distributed
from test_fused import run, worst
from test_shared_prefix import lora
from tiny import tiny_llama
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

from josi_utils.fused_model import causal_model


def main() -> None:
    """Each process computes the same rows: the mean of their gradients is the whole model's."""
    expected = run(lora(tiny_llama(), fused=True))
    distributed.init_process_group("gloo")
    mesh = init_device_mesh("cpu", (2,))
    model = lora(tiny_llama(), fused=True)
    for layer in causal_model(model).model.layers:
        fully_shard(layer, mesh=mesh)
    fully_shard(model, mesh=mesh)
    loss, gradients = run(model)
    gradients = {name: gradient.full_tensor() for name, gradient in gradients.items()}
    error = worst(gradients, expected[1])
    distributed.destroy_process_group()
    print(f"loss {abs(loss / expected[0] - 1):.1e}, gradients {error:.1e}")
    sys.exit(not (abs(loss / expected[0] - 1) < 1e-6 and error < 1e-5))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
