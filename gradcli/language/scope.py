"""Names inside a call, and what a session can set."""

from __future__ import annotations

from dataclasses import dataclass, field

from gradcli.core.dtypes import DType
from gradcli.language.values import Value


@dataclass(frozen=True)
class Settings:
    """What a session can set: `dtype` is what plain numbers become, `digits` how many are shown (none: all)."""

    dtype: DType = DType.FLOAT64
    digits: int | None = None


@dataclass
class Frame:
    """The names inside one call, and the frame of the function around it."""

    names: dict[str, Value] = field(default_factory=dict)
    outer: Frame | None = None
