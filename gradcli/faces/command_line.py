"""The command line, stated once: each command with its words, its options and what answers it.

From this table are made the quick reader, Typer's commands, and the help. A new command or option is one entry.
Its classes are plain, since each named tuple or dataclass takes time whenever the program starts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gradcli.output.formats import FORMATS

if TYPE_CHECKING:
    from gradcli.output.reporter import Reporter


class Option:
    """One option: the parameter that it sets, its spellings, what stands for its value, its type, its help.

    A flag has the type bool, and no value. Where there are `choices` no other value is taken, and `refusal` says so.
    A flag with a `handler` has that one answer in place of the command's, and is no parameter of either.
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
    ) -> None:
        self.parameter, self.flags, self.metavar, self.kind, self.help = parameter, flags, metavar, kind, help
        self.default, self.choices, self.refusal, self.handler = default, choices, refusal, handler


class Words:
    """Words behind a command that are no options: the parameter that they set, what stands for them, their help.

    `many` says that all that are left belong to it, `required` that there must be one.
    """

    def __init__(self, parameter: str, metavar: str, help: str, many: bool = False, required: bool = True) -> None:
        self.parameter, self.metavar, self.help = parameter, metavar, help
        self.many, self.required = many, required


class Command:
    """One command: its name, what it does in a line, its words and options, and who answers, as module:function.

    `details` and `example` stand below the line in its help. Where words are `expressions`, they may begin with a
    minus sign. `fixed` are parameters of whoever answers that the entry itself sets.
    """

    def __init__(
        self,
        name: str,
        help: str,
        words: tuple[Words, ...],
        options: tuple[Option, ...],
        handler: str,
        details: str = "",
        example: str = "",
        expressions: bool = False,
        fixed: Mapping[str, Any] = {},
    ) -> None:
        self.name, self.help, self.words, self.options, self.handler = name, help, words, options, handler
        self.details, self.example, self.expressions, self.fixed = details, example, expressions, fixed

    @property
    def text(self) -> str:
        """All that its help says of it."""
        return "\n\n".join(filter(None, (self.help, self.details, self.example)))

    def handle(self, handler: str | None = None) -> Callable[..., int]:
        """What answers it, imported now: it takes where to report to, then the parameters; it gives the exit code."""
        from importlib import import_module

        module, _, name = (handler or self.handler).partition(":")
        found: Callable[..., int] = getattr(import_module(module), name)
        return found

    def answer(self, given: Mapping[str, Any]) -> int:
        """Answer, with the defaults of what is not given; the exit code."""
        parameters = {option.parameter: option.default for option in self.options} | dict(given) | dict(self.fixed)
        format = parameters.pop(FORMAT.parameter, FORMAT.default)
        reporter = FORMATS.get(format, FORMATS["text"])(self.name)
        try:
            for option in self.options:
                value = format if option is FORMAT else parameters[option.parameter]
                if option.choices and value not in (*option.choices, option.default):
                    code = _refuse(reporter, option, value)
                    break
            else:
                instead = [o.handler for o in self.options if o.handler and parameters.pop(o.parameter)]
                code = self.handle(*instead[:1])(reporter, **parameters)
        except BaseException as error:
            from gradcli.session.results import Verdict

            reporter.close(Verdict.BAD_INPUT if isinstance(error, Exception) else Verdict.INTERRUPTED, error)
            raise
        reporter.close(code)
        return code


def _refuse(reporter: Reporter, option: Option, value: str) -> int:
    """Say that an option does not take a value; the exit code."""
    from gradcli.language.text.diagnostics import Diagnostic, near
    from gradcli.session.results import Verdict

    hint = near(value, option.choices) or f"{option.flags[0]} takes {' or '.join(option.choices)}"
    reporter.diagnostic(Diagnostic("usage", option.refusal.format(f"`{value}`"), hint=hint))
    return Verdict.BAD_INPUT


WRT = Option("wrt", ("--wrt",), "NAMES", str, "Differentiate by these, such as x,y.")


def _order(usual: int, help: str = "The highest order of derivatives.") -> Option:
    """How far to go, where nothing is said of it."""
    return Option("order", ("--order", "-n"), "N", int, help, usual)


ORDER = _order(1)
DIGITS = Option("digits", ("--digits",), "N", int, "So many digits of each number, up to 10,000.")
DTYPE = Option(
    "dtype",
    ("--dtype",),
    "TYPE",
    str,
    "What plain numbers are: float64 or float32.",
    choices=("float32", "float64"),
    refusal="numbers can't be {}",
)
FORMAT = Option(
    "format",
    ("--format",),
    "FORMAT",
    str,
    f"How results are written: {' or '.join(FORMATS)}.",
    "text",
    choices=(*FORMATS,),
    refusal="there is no format {}",
)
AGAINST = Option(
    "against",
    ("--against",),
    "WHERE",
    str,
    "Compare with numbers in a .json, .npy or .npz file, or with MODEL.py:FUNCTION of JAX or PyTorch.",
)
OVER = Option("over", ("--over",), "RANGE", str, "From where to where, such as -3..3; -2..2,0..1 for two variables.")
SAVE = Option("save", ("--save",), "FILE", str, "Write the picture to a file: .svg, .png or .pdf.")
INTERACTIVE = Option(
    "interactive",
    ("--interactive", "-i"),
    "",
    bool,
    "Stay at the prompt, with what the scripts define; they run in one session.",
    False,
    handler="gradcli.faces.prompt.opening:run_and_stay",
)
MATCH = Option(
    "match", ("--match", "-k"), "EXPR", str, "Run files whose path has these words; and, or, not stand between them."
)
STOP = Option("stop", ("--exit-first", "-x"), "", bool, "Stop at the first failure.", False)
JOBS = Option("jobs", ("--jobs", "-j"), "N", int, "Run files in so many processes; 0 means one for each core.", 1)
DURATIONS = Option("durations", ("--durations",), "N", int, "Name the slowest N files, and what they took.", 0)
REQUIRE_ASSERTS = Option("require_asserts", ("--require-asserts",), "", bool, "A file without an assert fails.", False)
JUNIT = Option("junit", ("--junit",), "FILE", str, "Write a report for GitHub, GitLab or Jenkins, in JUnit's XML.")
CHECK = Option("check", ("--check",), "", bool, "Write nothing; leave with 1 if something would change.", False)
DIFF = Option("diff", ("--diff",), "", bool, "Write nothing; show what would change.", False)
UPDATE = Option(
    "update", ("--update",), "", bool, "Rewrite the values in `# = ...` and `assert allclose(..., ...)`.", False
)
QUIET = Option("quiet", ("--quiet", "-q"), "", bool, "Show failures and one line a file only.", False)

FUNCTION = Words("expression", "EXPR|FILE::NAME", "An expression, or a function in a file.")


def _values(help: str) -> Words:
    """Values by name, and what they are for."""
    return Words("values", "[NAME=VALUE]...", help, many=True, required=False)


POINT = _values("Where to evaluate it.")

# What holds for all commands, and what the program does without one.
# Typer adds it to each command.
HELP = Option("help", ("--help", "-h"), "", bool, "Show this message and exit.")
VERSION = Option("version", ("--version",), "", bool, "Show the version and leave.", False)
DEBUG = Option("debug", ("--debug",), "", bool, "Show Python's traceback of an internal error.", False)
PROGRAM = Command(
    "",
    "A calculator for gradients: values and derivatives at every order.",
    (),
    (VERSION, DEBUG),
    "gradcli.faces.prompt.opening:without_command",
    details="Without a command it opens the prompt.",
)

COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        Command(
            "grad",
            "Show a value and its derivatives.",
            (FUNCTION, POINT),
            (WRT, ORDER, DIGITS, DTYPE, FORMAT),
            "gradcli.faces.one_shot:gradient",
            example="gradcli grad 'x*x*y*z' x=3 y=5 z=1",
            expressions=True,
        ),
        Command(
            "eval",
            "Evaluate an expression.",
            (
                Words("text", "EXPR", "An expression, or statements with ; between them."),
                _values("Names to define before."),
            ),
            (DIGITS, DTYPE, FORMAT),
            "gradcli.faces.one_shot:evaluate",
            example='gradcli eval "f(x) = sin(x)/x; f\'(2)"',
            expressions=True,
        ),
        Command(
            "derivatives",
            "Show every derivative, to order two or further.",
            (FUNCTION, POINT),
            (WRT, _order(2), DIGITS, DTYPE, FORMAT),
            "gradcli.faces.one_shot:gradient",
            example="gradcli derivatives 'x^2*y' x=3 y=5 --order 3",
            expressions=True,
        ),
        Command(
            "jacobian",
            "Show every partial of every output.",
            (FUNCTION, POINT),
            (WRT, DIGITS, DTYPE, FORMAT),
            "gradcli.faces.operators:apply",
            example="gradcli jacobian '(x*y, x + y)' x=3 y=5",
            expressions=True,
            fixed={"operator": "jacobian"},
        ),
        Command(
            "hessian",
            "Show every second partial, as a matrix.",
            (FUNCTION, POINT),
            (WRT, DIGITS, DTYPE, FORMAT),
            "gradcli.faces.operators:apply",
            example="gradcli hessian 'x^2*y' x=3 y=5",
            expressions=True,
            fixed={"operator": "hessian"},
        ),
        Command(
            "taylor",
            "Show the Taylor polynomial around a point.",
            (FUNCTION, _values("The point; where none is given it is 0.")),
            (_order(5, "The highest power."), DIGITS, DTYPE, FORMAT),
            "gradcli.faces.operators:expand",
            example="gradcli taylor 'sin(x)' x=0 --order 7",
            expressions=True,
        ),
        Command(
            "solve",
            "Find where it is 0, or an equation holds.",
            (FUNCTION, _values("Where the search starts.")),
            (DIGITS, DTYPE, FORMAT),
            "gradcli.faces.operators:search",
            example="gradcli solve 'x^2 == 2' x=1",
            expressions=True,
            details="The search is near a start, and starts from the values given.",
            fixed={"operator": "solve"},
        ),
        Command(
            "minimize",
            "Find where an expression is least.",
            (FUNCTION, _values("Where the search starts.")),
            (DIGITS, DTYPE, FORMAT),
            "gradcli.faces.operators:search",
            example="gradcli minimize 'x^2 - 2x' x=0",
            expressions=True,
            fixed={"operator": "minimize"},
        ),
        Command(
            "formula",
            "Show the formula, however much work it is.",
            (FUNCTION,),
            (FORMAT,),
            "gradcli.faces.operators:write",
            example="gradcli formula 'd/dx x^2 sin(x)'",
            expressions=True,
        ),
        Command(
            "why",
            "Show why a value is nan or infinite.",
            (
                Words("text", "EXPR", "An expression, or statements that end in one."),
                _values("Names to define before."),
            ),
            (DIGITS, DTYPE, FORMAT),
            "gradcli.faces.operators:explain",
            example="gradcli why 'sqrt(x)*sin(x)' x=-1",
            expressions=True,
        ),
        Command(
            "run",
            "Run scripts and check their asserts.",
            (
                Words(
                    "files", "FILE|FOLDER|GLOB...", "Scripts, or folders of .grad files; each run by itself.", many=True
                ),
            ),
            (INTERACTIVE, QUIET, MATCH, STOP, JOBS, DURATIONS, REQUIRE_ASSERTS, JUNIT, UPDATE, DTYPE, FORMAT),
            "gradcli.faces.runs:run_files",
            details="Leaves with 0 if all is fine, 1 if an assert failed, 2 for a mistake in a script.",
        ),
        Command(
            "fmt",
            "Write scripts in one style.",
            (
                Words(
                    "files",
                    "FILE|FOLDER...",
                    "Scripts, or folders of them; - is standard input.",
                    many=True,
                ),
            ),
            (CHECK, DIFF, FORMAT),
            "gradcli.faces.formatting:format_files",
            details="Blanks, indentation and empty lines, and nothing else: signs stay as they are typed. A file with "
            "a mistake is left alone.",
            example="gradcli fmt --diff samples",
        ),
        Command(
            "code",
            "Show the program for values and derivatives.",
            (FUNCTION, _values("Values of the inputs, whose shapes and types count.")),
            (WRT, ORDER, DTYPE, FORMAT),
            "gradcli.faces.one_shot:listing",
            example="gradcli code 'sin(x*y)*exp(x)'",
            expressions=True,
        ),
        Command(
            "steps",
            "Show how a derivative is found, rule by rule.",
            (FUNCTION, _values("A point, for its numbers.")),
            (WRT, FORMAT),
            "gradcli.faces.steps:explain",
            details="At a point it shows the numbers too, and the tape of the forward and the reverse sweep.",
            example="gradcli steps 'x^2*sin(3x)' x=2",
            expressions=True,
        ),
        Command(
            "check",
            "Check derivatives by every method.",
            (FUNCTION, POINT),
            (WRT, ORDER, AGAINST, DIGITS, DTYPE, FORMAT),
            "gradcli.faces.checking:check",
            details="--against compares with numbers from elsewhere, which have the names of derivatives or of inputs, "
            "or value. Errors are in units of the last place of the certified value (all: no digit is right). "
            "digits are those that float64 keeps (?: not certified), condition is by how much the problem magnifies a "
            "relative error. Leaves with 1 where methods disagree, or the other numbers differ.",
            example="gradcli check 'exp(x)*sin(x*y)' x=3 y=5 --order 2",
            expressions=True,
        ),
        Command(
            "plot",
            "Draw functions in the terminal.",
            (Words("functions", "EXPR|FILE::NAME...", "Expressions, or functions in files.", many=True),),
            (OVER, SAVE, DTYPE, FORMAT),
            "gradcli.faces.plots:draw",
            details="Of one variable they are curves, of two contours.",
            example="gradcli plot 'sin(x)/x' --over -10..10",
            expressions=True,
        ),
        Command(
            "ops",
            "List all operations with their derivatives.",
            (Words("names", "[NAME]...", "Operations; all of them where none is named.", many=True, required=False),),
            (FORMAT,),
            "gradcli.faces.helping:operations",
            example="gradcli ops sin atan2",
        ),
        Command(
            "help",
            "Explain a function, a sign or a topic.",
            (
                Words(
                    "topics",
                    "[TOPIC]...",
                    "What to explain; where it is left out, there is a list.",
                    many=True,
                    required=False,
                ),
            ),
            (FORMAT,),
            "gradcli.faces.helping:topics",
            example="gradcli help taylor",
        ),
        Command(
            "repl",
            "Open the prompt.",
            (),
            (DIGITS, DTYPE, FORMAT),
            "gradcli.faces.prompt.opening:repl",
            example="gradcli repl --digits 6",
        ),
    )
}
