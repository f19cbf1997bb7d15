"""Lower layers that are not tuned: what they make of each row, computed once and kept.

With LoRA on the upper layers alone, the lower ones give the same hidden states in every epoch. They
are computed once a row, behind the prefix that all rows share, and every later step begins above
them: forward and backward of the lower layers are spared from then on.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from josi_utils.shared_prefix import pack

if TYPE_CHECKING:
    import torch

#: Above this many bytes the hidden states lie in a file that the kernel maps in as needed.
IN_MEMORY = 2_000_000_000


class LowerLayers:
    """Hidden states below layer ``count`` for every row, in the model's dtype.

    Parameters
    ----------
    model : torch.nn.Module
        A model that :func:`josi_utils.fused_model.fuse` prepared; its lower ``count`` layers must
        stay as they are.
    rows : sequence of {"input_ids", "labels"}
        The rows, in the order in which their numbers count.
    count : int
        How many layers are kept.
    folder : Path, optional
        Where the file goes if the states are larger than ``IN_MEMORY``; it has no name there, so
        it goes with the process.
    batch_size : int
        Rows computed at a time.
    """

    def __init__(
        self, model: torch.nn.Module, rows: Sequence[dict[str, list[int]]], count: int,
        folder: Path | None = None, batch_size: int = 16,
    ) -> None:  # fmt: skip
        import torch

        from josi_utils.fused_model import causal_model, run_layers
        from josi_utils.shared_prefix import shared_prefix_length

        body = causal_model(model).model
        weight = body.embed_tokens.weight
        self.count, self._size = count, weight.shape[1]
        self.prefix = shared_prefix_length(rows) if len(rows) > 1 else 0
        lengths = [len(row["input_ids"]) - self.prefix for row in rows]
        self._starts = [0]
        for length in lengths:
            self._starts.append(self._starts[-1] + length)
        self._states = self._space(self._starts[-1], weight.dtype, folder)
        self._prefix_states = torch.empty(self.prefix, self._size, dtype=weight.dtype)
        # A row alone has no prefix to share; one batch too small is computed whole.
        with torch.no_grad():
            for start in range(0, len(rows), batch_size):
                chunk = [rows[i] for i in range(start, min(start + batch_size, len(rows)))]
                batch = pack(chunk, prefix=self.prefix)
                hidden = body.embed_tokens(batch["input_ids"].to(weight.device))
                hidden = run_layers(
                    body, hidden, batch["position_ids"].to(weight.device), batch["layout"],
                    range(count),
                )[0].to("cpu")  # fmt: skip
                self._prefix_states.copy_(hidden[: self.prefix])
                own = slice(self._starts[start], self._starts[start + len(chunk)])
                self._states[own] = hidden[self.prefix :]

    @property
    def bytes(self) -> int:
        """Size of what is kept."""
        return self._states.numel() * self._states.element_size()

    def batch(self, numbers: Sequence[int], prefix: int) -> Any:
        """Return hidden states, shape (1, T, D), of rows packed behind ``prefix`` shared tokens."""
        import torch

        pieces = [self._row(numbers[0])[:prefix]]
        pieces += [self._row(number)[prefix:] for number in numbers]
        return torch.cat(pieces)[None]

    def _row(self, number: int) -> Any:
        import torch

        own = self._states[self._starts[number] : self._starts[number + 1]]
        return torch.cat((self._prefix_states, own))

    def _space(self, tokens: int, dtype: torch.dtype, folder: Path | None) -> Any:
        import torch

        shape, size = (tokens, self._size), tokens * self._size * dtype.itemsize
        if size <= IN_MEMORY or folder is None:
            return torch.empty(shape, dtype=dtype)
        from josi_utils.files import require_room_on_disk

        require_room_on_disk(folder, size)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".lower-layers.") as file:
            file.truncate(size)
            return torch.from_file(
                file.name, shared=True, size=tokens * self._size, dtype=dtype
            ).view(shape)
