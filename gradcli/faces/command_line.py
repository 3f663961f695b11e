"""The command line, stated once: each command with its words, its options and what answers it.

From this table are made the quick reader, Typer's commands, and the help. A new command or option is one entry.
Its classes are plain, since each named tuple or dataclass takes time whenever the program starts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from gradcli.faces import options as own
from gradcli.faces.options import Option, Words
from gradcli.faces.reporting import BAD_INPUT, Report
from gradcli.faces.usual import usual
from gradcli.output.formats import FORMATS
from gradcli.output.style import COLORS

if TYPE_CHECKING:
    from gradcli.language.text.diagnostics import Diagnostic
    from gradcli.output.reporter import Reporter


class Command:
    """One command: its name, what it does in a line, its words and options, and who answers, as module:function.

    The lines of `example`, then `details`, stand below the line in its help. Where words are `expressions`, they may
    begin with a minus sign. `fixed` are parameters of whoever answers that the entry itself sets. Whatever has a format
    has the other options that are about its report too.
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
        own = {option.parameter for option in options}
        also = (o for o in REPORTING if o.parameter not in own) if FORMAT in options else ()
        self.name: str = name
        self.help, self.words, self.options, self.handler = help, words, (*options, *also), handler
        self.details, self.example, self.expressions, self.fixed = details, example, expressions, fixed

    @property
    def text(self) -> str:
        """All that its help says of it."""
        return "\n\n".join(filter(None, (self.help, self.example, self.details)))

    def handle(self, handler: str | None = None) -> Callable[..., int]:
        """What answers it, imported now: it takes where to report to, then the parameters; it gives the exit code."""
        from importlib import import_module

        module, _, name = (handler or self.handler).partition(":")
        found: Callable[..., int] = getattr(import_module(module), name)
        return found

    def answer(self, given: Mapping[str, Any]) -> int:
        """Answer, with the defaults of what is not given; the exit code."""
        usually = usual([option for option in self.options if option.parameter not in given], LASTING)
        defaults = {option.parameter: option.default for option in self.options}
        parameters = {**defaults, **usually.values, **given, **self.fixed}
        general = {o.parameter: parameters.pop(o.parameter) for o in self.options if o.general}
        report = Report(self.name, general)
        try:
            code = self._answered(report.reporter, parameters, general, usually.diagnostics)
        except BaseException as error:
            from gradcli.session.results import Verdict

            report.reporter.close(Verdict.BAD_INPUT if isinstance(error, Exception) else Verdict.INTERRUPTED, error)
            raise
        report.reporter.close(code)
        return report.written(code)

    def _answered(
        self,
        reporter: Reporter,
        parameters: dict[str, Any],
        general: Mapping[str, Any],
        diagnostics: Sequence[Diagnostic],
    ) -> int:
        for diagnostic in diagnostics:
            reporter.diagnostic(diagnostic)
        if any(diagnostic.severity == "error" for diagnostic in diagnostics):
            return BAD_INPUT
        for option in self.options:
            value = (general if option.general else parameters)[option.parameter]
            if option.choices and value not in (*option.choices, option.default):
                return _refuse(reporter, option, value)
        instead = [o.handler for o in self.options if o.handler and parameters.pop(o.parameter)]
        with _random_from(general.get(SEED.parameter)), _files_from(general.get(ALLOW.parameter)):
            return self.handle(*instead[:1])(reporter, **parameters)


def _random_from(seed: int | None) -> AbstractContextManager[None]:
    """Random numbers begin with a seed, where one is given."""
    if seed is None:
        return nullcontext()
    from gradcli.session.session import beginning_with

    return beginning_with(seed)


def _files_from(paths: str | None) -> AbstractContextManager[None]:
    """Texts may use files there too, where that is said."""
    if paths is None:
        return nullcontext()
    from os import pathsep

    from gradcli.language.files.places import allowing

    return allowing([path for path in paths.split(pathsep) if path])


def _refuse(reporter: Reporter, option: Option, value: str) -> int:
    """Say that an option does not take a value; the exit code."""
    from gradcli.language.text.diagnostics import Diagnostic, near

    hint = near(value, option.choices) or f"{option.flags[0]} takes {' or '.join(option.choices)}"
    reporter.diagnostic(Diagnostic("usage", option.refusal.format(f"`{value}`"), hint=hint))
    return BAD_INPUT


WRT = Option("wrt", ("--wrt",), "NAMES", str, "Differentiate by these, such as x,y.")


def _order(usual: int, help: str = "The highest order of derivatives.") -> Option:
    """How far to go, where nothing is said of it."""
    return Option("order", ("--order", "-n"), "N", int, help, usual)


ORDER = _order(1)
DIGITS = Option("digits", ("--digits",), "N", int, "So many digits of each number, up to 10,000.", lasting=True)
DTYPE = Option(
    "dtype",
    ("--dtype",),
    "TYPE",
    str,
    "What plain numbers are: float64 or float32.",
    choices=("float32", "float64"),
    refusal="numbers can't be {}",
    lasting=True,
)
FORMAT = Option(
    "format",
    ("--format",),
    "FORMAT",
    str,
    f"How results are written: {', '.join(FORMATS)}. Unless it is given, --output says it, or it is text: a table on a "
    "terminal, plain elsewhere.",
    choices=(*FORMATS,),
    refusal="there is no format {}",
    general=True,
    lasting=True,
)
OUTPUT = Option(
    "output",
    ("--output", "-o"),
    "FILE",
    str,
    "Write results to a file, whole or not at all; its ending says the format.",
    general=True,
)
COLOR = Option(
    "color",
    ("--color",),
    "WHEN",
    str,
    f"Whether there are colours: {' or '.join(COLORS)}.",
    COLORS[0],
    choices=COLORS,
    refusal="colours can't be {}",
    general=True,
    lasting=True,
)
NOTES = Option("quiet", ("--quiet", "-q"), "", bool, "Leave out warnings and notes.", False, general=True)
FULL = Option(
    "full",
    ("--full",),
    "",
    bool,
    "Show every element, with all digits, on a terminal and in documents too; other files and pipes always get them.",
    False,
    general=True,
)
SEED = Option("seed", ("--seed",), "N", int, "What random numbers begin with.", general=True, lasting=True)
ALLOW = Option(
    "allow",
    ("--allow",),
    "PATHS",
    str,
    "Let load and save use these files and folders too, with : between them.",
    general=True,
)
LASTING = (FORMAT, COLOR, DIGITS, DTYPE, SEED)
# What every command has that has a format.
REPORTING = (OUTPUT, COLOR, NOTES, FULL, SEED, ALLOW)
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
    details="Without a command it opens the prompt. Leaves with 0 if all is well, 1 if a check or an assert failed, "
    "2 for bad input, and 130 when it is interrupted. An option that is not given is what the environment says "
    "(GRADCLI_FORMAT, GRADCLI_COLOR, GRADCLI_DIGITS, GRADCLI_DTYPE, GRADCLI_SEED), else gradcli/config.toml in the "
    "folder of configurations.",
    example="gradcli grad 'x^2*y' x=3 y=5\ngradcli eval 'sin(pi/3)'\ngradcli help calculus",
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
            example="gradcli grad 'x*x*y*z' x=3 y=5 z=1\n"
            "gradcli grad 'x^2 sin(3x)' --order 2\n"
            "gradcli grad samples/tour.grad::net 'x=[3]' 'y=[5]' --wrt x,z",
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
            example="gradcli eval '2 sin(30°)'\n"
            'gradcli eval "f(x) = sin(x)/x; f\'(2)"\n'
            "gradcli eval 'a x^2 + b' a=2 b=1 x=3",
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
                    "files",
                    "FILE|FOLDER|GLOB... [NAME=VALUE]...",
                    "Scripts, or folders of .grad files, each run by itself; values that they are given.",
                    many=True,
                ),
            ),
            (*own.OF_RUN, DTYPE, FORMAT),
            "gradcli.faces.runs:run_files",
            example="gradcli run samples\n"
            "gradcli run samples/calculus.grad t='[1, 3, 4]'\n"
            "gradcli run samples/lenet.grad data=@samples/digits.csv",
            details="A value that is given wins over the script's first definition of that name. Leaves with 0 if all "
            "is fine, 1 if an assert failed, 2 for a mistake in a script.",
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
            (own.CHECK, own.DIFF, FORMAT),
            "gradcli.faces.formatting:format_files",
            details="Blanks, indentation and empty lines, and nothing else: signs stay as they are typed. A file with "
            "a mistake is left alone.",
            example="gradcli fmt --diff samples",
        ),
        Command(
            "code",
            "Show the program for values and derivatives.",
            (FUNCTION, _values("Values of the inputs, whose shapes and types count.")),
            (own.TO, WRT, ORDER, DTYPE, FORMAT),
            "gradcli.faces.one_shot:listing",
            example="gradcli code 'sin(x*y)*exp(x)' --to numpy",
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
            (WRT, ORDER, own.AGAINST, DIGITS, DTYPE, FORMAT),
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
            (own.OVER, own.SAVE, DTYPE, FORMAT),
            "gradcli.faces.plots:draw",
            details="Of one variable they are curves, of two contours.",
            example="gradcli plot 'sin(x)/x' --over -10..10",
            expressions=True,
        ),
        Command(
            "map",
            "Compute a function in every row of a table.",
            (FUNCTION, _values("Values of inputs that are the same in all rows.")),
            (*own.OF_MAP, WRT, ORDER, DTYPE, FORMAT),
            "gradcli.faces.tables:map_rows",
            example="gradcli map 'petal_length*petal_width^2' --data samples/iris.csv --out -\n"
            "gradcli map 'petal_length*petal_width^2' --data samples/iris.csv --where 'petal_width > 2' "
            "--order 2 --out -\n"
            "gradcli map '(petal_width - a*petal_length)^2' a=0.4 --data samples/iris.csv --reduce mean",
            details="The columns are called f, df_dx, d2f_dxdy. CSV, Parquet and Arrow need gradcli[data]. "
            "See `gradcli help data`.",
            expressions=True,
        ),
        Command(
            "fit",
            "Fit parameters to the rows of a table.",
            (FUNCTION, _values("Values at first of inputs that are no columns.")),
            (*own.OF_FIT, WRT, DIGITS, DTYPE, FORMAT),
            "gradcli.faces.tables:fit_rows",
            example="gradcli fit '(petal_width - a*petal_length - b)^2' a=0 b=0 --data samples/iris.csv "
            "--errors squares\n"
            "gradcli fit samples/iris_rows.grad::nll --data samples/iris.csv --where 'species > 0' --optimizer newton "
            "--columns 'flower=[sepal_length,sepal_width,petal_length,petal_width]'",
            details="What is least is the mean of the function over all rows. See `gradcli help data`.",
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
        Command(
            "completion",
            "Write a script that completes command lines.",
            (Words("shell", "SHELL", "bash, zsh or fish.", choices=("bash", "zsh", "fish")),),
            (FORMAT,),
            "gradcli.faces.completion:script",
            details="The first line of the script says where to load it. It completes commands, options, what they can "
            "be, files, and the functions behind FILE.grad::.",
            example="gradcli completion bash",
        ),
    )
}
