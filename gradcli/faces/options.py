"""What an entry of the command line is made of: options, and words that are none.

The classes are plain, since each named tuple or dataclass takes time whenever the program starts.
"""

from __future__ import annotations

from typing import Any


class Option:
    """One option: the parameter that it sets, its spellings, what stands for its value, its type, its help.

    A flag has the type bool, and no value. Where there are `choices` no other value is taken, and `refusal` says so.
    A flag with a `handler` has that one answer in place of the command's, and is no parameter of either. A
    `general` one says how a command reports or begins, whatever it does, and is no parameter of who answers.
    What a `lasting` one is at first, the environment and the config file may say.
    """

    def __init__(
        self,
        parameter: str,
        flags: tuple[str, ...],
        metavar: str,
        kind: type,
        help: str,
        default: Any = None,
        choices: tuple[str, ...] = (),
        refusal: str = "there is no {}",
        handler: str | None = None,
        general: bool = False,
        lasting: bool = False,
    ) -> None:
        self.parameter, self.flags, self.metavar, self.kind, self.help = parameter, flags, metavar, kind, help
        self.default, self.choices, self.refusal, self.handler = default, choices, refusal, handler
        self.general, self.lasting = general, lasting


class Words:
    """Words behind a command that are no options: the parameter that they set, what stands for them, their help.

    `many` says that all that are left belong to it, `required` that there must be one. `choices` are offered for them.
    """

    def __init__(
        self,
        parameter: str,
        metavar: str,
        help: str,
        many: bool = False,
        required: bool = True,
        choices: tuple[str, ...] = (),
    ) -> None:
        self.parameter, self.metavar, self.help = parameter, metavar, help
        self.many, self.required, self.choices = many, required, choices
