"""Named sets of parameters for the whole road, and reading parameters from the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.paths import STAGES
from josi_utils.stage import parameters_of

#: What a profile changes against the notebooks' own defaults. ``default`` is the notebooks' own.
PROFILES: dict[str, dict[str, Any]] = {
    "default": {},
    # Every stage for real on little: a check of the road, not of the model.
    "smoke": {
        "limit_rows": 64,
        "max_steps": 6,
        "batch_size": 8,
        "evaluations": 1,
        "limit_cases": 11,
        "seeds": 1,
        "base_cases": 4,
        "imatrix_rows": 32,
        "parity_chats": 6,
    },
    # Recipes for a GPU: lower rates for larger models, as the official ones have it.
    "360m": {"base_model": "360m", "learning_rate": 5e-4},
    "1.7b": {"base_model": "1.7b", "learning_rate": 2e-4, "merge_dtype": "bfloat16"},
}


def parse_value(name: str, text: str, default: Any) -> Any:
    """Return ``text`` as the type of the parameter's default.

    Raises
    ------
    JosiError
        If it is not of that type.
    """
    kind = type(default)
    try:
        if kind is bool:
            return {"true": True, "false": False, "1": True, "0": False}[text.lower()]
        return kind(text)
    except (KeyError, ValueError):
        raise JosiError(
            f"-p {name}={text}: {name} takes {kind.__name__}, like {default!r}"
        ) from None


def known_parameters() -> dict[str, Any]:
    """Return every parameter of the road with its default."""
    return {key: value for name in STAGES for key, value in parameters_of(name).items()}


def parse_assignments(assignments: Sequence[str]) -> dict[str, Any]:
    """Return ``-p NAME=VALUE`` arguments as typed values; an unknown name is an error."""
    known, values = known_parameters(), {}
    for assignment in assignments:
        name, separator, text = assignment.partition("=")
        if not separator:
            raise JosiError(f"-p {assignment}: write NAME=VALUE")
        if name not in known or name == "run":
            names = ", ".join(sorted(known.keys() - {"run"}))
            raise JosiError(f"-p {assignment}: unknown parameter {name!r}; there are {names}")
        values[name] = parse_value(name, text, known[name])
    return values


def resolve_parameters(
    run: str, profile: str, assigned: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return ``{stage: parameters}`` for a run: notebook defaults, profile, then ``-p``."""
    if profile not in PROFILES:
        raise JosiError(f"--profile {profile}: there are {', '.join(PROFILES)}")
    chosen = {**PROFILES[profile], **assigned, "run": run}
    unknown = chosen.keys() - known_parameters().keys()
    if unknown:
        raise JosiError(f"profile {profile}: unknown parameters {', '.join(sorted(unknown))}")
    return {
        name: {key: chosen.get(key, value) for key, value in parameters_of(name).items()}
        for name in STAGES
    }
