"""Which quantisations are compared, and how much of each is measured."""

from __future__ import annotations

from dataclasses import dataclass

from josi_utils.errors import JosiError


@dataclass(frozen=True)
class Variant:
    """A way to ship the model.

    Attributes
    ----------
    quant : str
        ``"f16"`` or a name of :data:`josi_utils.gguf_quantise.QUANT_TYPES`.
    imatrix : bool
        Quantised with an importance matrix of training chats.
    adapter : bool
        The base model quantised, and the adapter beside it as an f16 GGUF, not merged.
    """

    quant: str
    imatrix: bool = False
    adapter: bool = False

    @property
    def name(self) -> str:
        """``"q4_k_m"``, ``"q4_k_m imatrix"``, ``"q4_k_m base + adapter"``."""
        parts = (" imatrix" if self.imatrix else "", " base + adapter" if self.adapter else "")
        return self.quant + "".join(parts)

    @property
    def stem(self) -> str:
        """The name as it stands in file names."""
        return self.name.replace(" + ", "-").replace(" ", "-")


#: f16 first: the others are held against it. q4_1 is the type of the embedded base's own weights,
#: so that a q4_1 base loses next to nothing of it.
VARIANTS: tuple[Variant, ...] = (
    Variant("f16"),
    Variant("q8_0"),
    Variant("q5_k_m"),
    Variant("q4_k_m"),
    Variant("q4_k_m", imatrix=True),
    Variant("q4_0"),
    Variant("iq4_nl"),
    Variant("iq4_nl", imatrix=True),
    Variant("q4_k_m", adapter=True),
    Variant("q4_1", adapter=True),
)


@dataclass(frozen=True)
class Settings:
    """How much is measured. What one of these changes is measured anew, the rest is kept.

    Attributes
    ----------
    cases, seeds : int
        Validation cases answered, and draws a case.
    chats : int
        Validation conversations on which predictions are compared.
    imatrix_rows : int
        Training chats for the importance matrix.
    """

    cases: int = 60
    seeds: int = 2
    chats: int = 32
    imatrix_rows: int = 128


def chosen_variants(names: str) -> tuple[Variant, ...]:
    """Return the variants of a comma-separated list of their names; all for an empty one.

    Raises
    ------
    JosiError
        If one is not known.
    """
    known = {variant.name: variant for variant in VARIANTS}
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if unknown := [name for name in wanted if name not in known]:
        raise JosiError(f"quantisation {unknown[0]!r}: there are {', '.join(known)}")
    return tuple(known[name] for name in wanted) or VARIANTS
