"""A tiny random llama, for tests of training that must be exact and fast."""

from __future__ import annotations

import random


def tiny_llama(vocabulary: int = 199, seed: int = 0):
    """Return a random two-layer llama with grouped heads and our attention."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from josi_utils.shared_prefix import register_attention

    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=vocabulary, hidden_size=48, intermediate_size=96, num_hidden_layers=2,
        num_attention_heads=6, num_key_value_heads=3, max_position_embeddings=512,
        tie_word_embeddings=True, attn_implementation=register_attention(),
    )  # fmt: skip
    return LlamaForCausalLM(config).float()


def random_rows(
    count: int, *, prefix: int = 20, own: tuple[int, int] = (6, 30), turns: int = 1, seed: int = 0
) -> list[dict[str, list[int]]]:
    """Return rows of token ids and labels behind a common prefix; several turns if asked."""
    from josi_utils.shared_prefix import IGNORED

    dice = random.Random(seed)
    draw = lambda n: [dice.randrange(3, 199) for _ in range(n)]  # noqa: E731
    common, rows = draw(prefix), []
    for _ in range(count):
        ids, labels = list(common), [IGNORED] * prefix
        for _ in range(turns):
            user, answer = draw(dice.randint(*own)), draw(dice.randint(*own))
            ids += user + answer
            labels += [IGNORED] * len(user) + answer
        rows.append({"input_ids": ids, "labels": labels})
    return rows
