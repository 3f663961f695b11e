"""What is asked for over a table, as plain text that can travel: whoever has it makes the same question of it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from gradcli.core.records import record
from gradcli.language.text.diagnostics import Source
from gradcli.language.values.values import Value
from gradcli.session.ask import Question, question, question_about, values_of
from gradcli.session.session import fresh_session

# What an input is that nothing has a value for: no number, and told by being itself.
MISSING: Value = float("nan")


@record
class Asked:
    """A function in the text of a file, or an expression where there is none, and NAME=VALUE words beside it."""

    text: str
    file: str | None
    source: str | None
    words: Sequence[str]
    dtype: str | None
    seed: int | None

    def to_json(self) -> str:
        """It as a text."""
        return json.dumps([self.text, self.file, self.source, [*self.words], self.dtype, self.seed])

    @staticmethod
    def of_json(text: str) -> Asked:
        """What the text is of."""
        return Asked(*json.loads(text))

    def question(self) -> Question:
        """The question, in a session in which the file has run; what it shows is not shown again.

        Raises:
            LanguageError: for what is wrong in any of it.
        """
        from contextlib import nullcontext

        from gradcli.session.session import beginning_with

        with nullcontext() if self.seed is None else beginning_with(self.seed):
            session = fresh_session(self.dtype)
            if self.source is None:
                return question(session, self.text, values_of(session, self.words), MISSING)
            assert self.file is not None
            for step in session.steps(Source(self.file, self.source)):
                session = step.session
            return question_about(session, self.text, self.file, values_of(session, self.words), MISSING)
