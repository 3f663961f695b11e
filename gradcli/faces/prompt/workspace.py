"""What a prompt works on: the session, and where it reports to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradcli.core.records import structure
from gradcli.output.reporter import Reporter
from gradcli.session.results import Verdict
from gradcli.session.session import Session

if TYPE_CHECKING:
    from gradcli.session.tour import Tour


class Leave(Exception):  # noqa: N818 - it is no error
    """The user wants to go."""


@structure
class Workspace:
    """The session as it is now, and where answers go; `code` is the worst verdict so far.

    `tour` is where somebody is in the tour, if one is under way.
    """

    reporter: Reporter
    session: Session
    code: Verdict = Verdict.OK
    tour: Tour | None = None
