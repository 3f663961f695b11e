"""What an entry of the command line is made of: options, and words that are none; and the options of single commands.

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


# Options that one command has, or two.
AGAINST = Option(
    "against",
    ("--against",),
    "WHERE",
    str,
    "Compare with numbers in a file (.json, .npy, .npz, .csv, .safetensors) or MODEL.py:FUNCTION of JAX or PyTorch.",
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
TO = Option(
    "to",
    ("--to",),
    "TARGET",
    str,
    "Write a module that needs nothing but this: python, numpy, jax, torch, c or latex.",
    choices=("python", "numpy", "jax", "torch", "c", "latex"),
    refusal="no module is written for {}",
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

DATA = Option("data", ("--data",), "FILE", str, "A table: a file, a folder or 'pattern*.parquet'; - is standard input.")
OUT = Option("out", ("--out",), "FILE", str, "Where results are written, complete or not at all; - is standard output.")
AS = Option(
    "kind",
    ("--as",),
    "FORMAT",
    str,
    "What is written there: csv, parquet, arrow, npy or npz; without it the name says so.",
    choices=("csv", "parquet", "arrow", "npy", "npz"),
    refusal="nothing is written as {}",
)
COLUMNS = Option(
    "columns", ("--columns",), "NAMES", str, "Which column an input is, as x=price,w=[a,b]; else the one of its name."
)
WHERE = Option("where", ("--where",), "EXPR", str, "Take only rows in which this holds, such as 'price > 0'.")
REDUCE = Option(
    "reduce",
    ("--reduce",),
    "HOW",
    str,
    "Show the sum or the mean over all rows, and its gradient by the parameters.",
    choices=("sum", "mean"),
    refusal="rows can't be reduced by {}",
)
HVP = Option(
    "hvp", ("--hvp",), "VALUES", str, "With --reduce, the Hessian times a direction: 'w=[1, 0]; b=1', or @file.npz."
)
ON_ERROR = Option(
    "on_error",
    ("--on-error",),
    "WHAT",
    str,
    "What becomes of rows without numbers: fail, skip them, or nan.",
    "fail",
    choices=("fail", "skip", "nan"),
    refusal="bad rows can't be met with {}",
)
WORKERS = Option("jobs", ("--jobs", "-j"), "N", int, "Compute in so many threads; 0 means one for each core.", 0)
CHUNK = Option("chunk", ("--chunk",), "ROWS", int, "Rows that are read, computed and written at a time.")
OVERWRITE = Option("overwrite", ("--overwrite",), "", bool, "Replace what is there.", False)
RESUME = Option("resume", ("--resume",), "", bool, "Go on from where an interruption left off.", False)
OPTIMIZER = Option(
    "optimizer",
    ("--optimizer",),
    "NAME",
    str,
    "What finds the minimum: lbfgs, newton or trust, SciPy's with exact derivatives; adam or sgd, in batches.",
    "lbfgs",
    choices=("lbfgs", "newton", "trust", "adam", "sgd"),
    refusal="nothing is minimized by {}",
)
ERRORS = Option(
    "errors",
    ("--errors",),
    "WHAT",
    str,
    "What standard errors take the loss of a row to be: minus a log likelihood, or the squares of residuals.",
    "likelihood",
    choices=("likelihood", "squares"),
    refusal="standard errors can't be of {}",
)
EPOCHS = Option("epochs", ("--epochs",), "N", int, "Steps at most of lbfgs, newton and trust; passes of the others.")
BATCH = Option("batch", ("--batch",), "ROWS", int, "Rows of a step of adam or sgd; 256 where nothing is said.")
RATE = Option("rate", ("--rate",), "X", float, "The rate of adam or sgd.")
SCRIPT = Option("out", ("--out",), "FILE", str, "A script with the fitted parameters, written complete or not at all.")

OF_RUN = (INTERACTIVE, QUIET, MATCH, STOP, JOBS, DURATIONS, REQUIRE_ASSERTS, JUNIT, UPDATE)
ENGINE = Option(
    "engine",
    ("--engine",),
    "WHERE",
    str,
    "Where it is computed: here, or on workers of dask, which write a folder of parts.",
    "here",
    choices=("here", "dask"),
    refusal="nothing is computed on {}",
)
SCHEDULER = Option(
    "scheduler",
    ("--scheduler",),
    "ADDRESS",
    str,
    "Where dask's scheduler is, tcp://HOST:PORT; else workers run here.",
)
OF_TABLES = (COLUMNS, WHERE, ON_ERROR, WORKERS, CHUNK, ENGINE, SCHEDULER, OVERWRITE, RESUME)
OF_FIT = (DATA, SCRIPT, OPTIMIZER, ERRORS, EPOCHS, BATCH, RATE, *OF_TABLES)
OF_MAP = (DATA, OUT, AS, REDUCE, HVP, *OF_TABLES)
