"""`%grad` and `%%grad` for IPython and Jupyter: one session for all cells, results as tables.

IPython itself is not imported: what it hands over is a shell that magics are registered with.
"""

from __future__ import annotations

import sys
from typing import Any, Protocol

from gradcli.api.errors import GradcliError
from gradcli.api.results import Results
from gradcli.api.sessions import Session


class Shell(Protocol):
    """What is asked of IPython's shell."""

    user_ns: dict[str, Any]

    def register_magic_function(self, func: Any, magic_kind: str = "line", magic_name: str | None = None) -> None:
        """Let a function answer to a magic's name."""
        ...


class Magic:
    """Runs lines and cells in one session that stays."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.session = Session()
        self.count = 0

    def grad(self, line: str, cell: str | None = None) -> Results | None:
        """Run `%grad f(3)`, or a cell behind `%%grad`; names behind `%%grad` are Python's, handed over to the cell.

        What the text shows is the result. A mistake is said as on the command line, and what stands before it stays.
        """
        self.count += 1
        try:
            for name in line.replace(",", " ").split() if cell is not None else ():
                self.session[name] = self._of_python(name)
            return self.session.run(line if cell is None else cell, f"<cell {self.count}>")
        except GradcliError as error:
            sys.stderr.write(f"{error}\n")
            return error.results or None

    def _of_python(self, name: str) -> Any:
        if name not in self.shell.user_ns:
            from gradcli.language.text.diagnostics import Diagnostic

            hint = "behind %%grad stand names of Python's that the cell is to know"
            raise GradcliError(Diagnostic("name", f"Python has no `{name}`", hint=hint))
        return self.shell.user_ns[name]


def load_ipython_extension(shell: Shell) -> None:
    """Register the magics: what `%load_ext gradcli` calls."""
    shell.register_magic_function(Magic(shell).grad, magic_kind="line_cell", magic_name="grad")
