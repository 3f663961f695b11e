"""The language's statements, words and signs: what each means, and lines that show it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from gradcli.core.records import record


@record
class Form:
    """A statement, a word or a sign of the language: how it is written, what it means, lines to type, what is near.

    `names` are what it is asked for by. `value` is a function, as it is typed, whose slopes are worth showing.
    """

    names: tuple[str, ...]
    title: str
    kind: str
    summary: str
    example: str
    related: tuple[str, ...] = ()
    details: str = ""
    value: str | None = None


def _statement(
    names: str, title: str, summary: str, example: str, related: str = "", details: str = "", kind: str = "statement"
) -> Form:
    return Form(tuple(names.split()), title, kind, summary, example, tuple(related.split()), details)


def _sign(
    names: str, title: str, summary: str, example: str, related: str = "", details: str = "", value: str | None = None
) -> Form:
    return Form(tuple(names.split()), title, "sign", summary, example, tuple(related.split()), details, value)


STATEMENTS = (
    _statement(
        "=",
        "name = value, f(x) = formula",
        "gives a name a value, or defines a function in one line",
        "a, b = 3, 4\nf(x) = a x^2\nf(2)",
        "def := -> ==",
        "Any name may be given again. Names inside a function are looked up when it is called.",
    ),
    _statement(
        "+=",
        "name += value",
        "changes a value by another; -=, *=, /=, ^=, //=, %= and @= do too",
        "x = 5\nx += 2\nx",
        "= for",
    ),
    _statement(
        "model",
        "model name(x): block",
        "a function with trainable parameters, made once, when it is defined",
        "model net(x):\n    param w = 2\n    param b = 1\n    return w*x + b\nnet(3)\ngrad(net, wrt=(x, w))(3)",
        "param params return def grad Dense",
        "The lines of the block stand further in, and an empty line ends it at the prompt.",
    ),
    _statement(
        "param",
        "param name = value",
        "a trainable parameter, inside a model; a layer there belongs to the model",
        "model f(x):\n    param w = [1, 2]\n    return sum(w*x)\nparams(f)\nf.w = [3, 4]\nf(1)",
        "model params",
        "Outside, `f.w = ...` gives it a new value, and `f.w -= 0.1*g` trains it.",
    ),
    _statement(
        "def",
        "def name(x): block",
        "a function of several lines; `return` gives its result",
        "def power(x, n):\n    y = 1\n    for i in range(n):\n        y = y*x\n    return y\npower(2, 10)",
        "= return for -> model",
    ),
    _statement(
        "return",
        "return value",
        "ends a `def` or a `model` with its result",
        "def f(x): return x + 1\nf(2)",
        "def model",
    ),
    _statement(
        "for in",
        "for name in values: block",
        "goes through whole numbers, a tuple, or the rows of a tensor; in brackets, makes items",
        "s = 0\nfor k in range(4): s += k\ns, sum(k^2 for k in 1..10), [k^2 for k in 1..3]",
        "range .. sum def",
    ),
    _statement(
        "while break continue",
        "while condition: block",
        "goes through a block again and again; `break` ends a loop, `continue` its step",
        "x = 1\nwhile x < 100: x *= 3\nx",
        "for if def",
        "A derivative is that of the path which is taken at the point. Where that isn't known, as under `vmap`, a"
        " `for` with `if ...: break` takes its place.",
    ),
    _statement(
        "if elif else",
        "if condition: block, elif condition: block, else: block",
        "chooses between blocks; between two values, `a if condition else b` does",
        "def f(x):\n    if x > 0:\n        return x^2\n    return 0\nf(3), f(-3), f'(3), f'(-3)",
        "while def where",
        "What is known at the call decides as in Python, and a derivative is that of the path taken. Where it isn't, as"
        " under `vmap` and in a long loop, both blocks are gone through, and each value is chosen.",
    ),
    _statement(
        "print show",
        'print(x, "text {x:.3f}"), show x',
        "shows values from within a block; a name or an expression between braces stands for its value",
        'def f(x):\n    print("x is {x}")\n    return x^2\nf\'(3)',
        "for if def",
    ),
    _statement(
        "assert",
        "assert condition",
        "checks in a script: one that fails is shown with both sides, and the command leaves with 1",
        'f(x) = x^3\nassert f\'(2) ≈ 12\nassert f(2) > 7, "too small"',
        "allclose ≈ certified",
        "A text behind a comma is what is said where it fails.",
    ),
    _statement(
        "set",
        "set NAME VALUE",
        "changes a setting or a limit for the session; `:help settings` lists them",
        "set digits 5\npi",
        "settings digits dtype seed numbers",
    ),
    _statement(
        "use as",
        'use "file.grad", use "file.grad" as name',
        "has what another script defines: its names here, or behind `name.`; a path begins where the script is",
        "",
        "model assert",
        "A file is run once in a session. Its asserts count, its values are not shown, its settings stay with it.",
    ),
    _statement(
        "conditional",
        "a if condition else b",
        "chooses between two values; the one not taken leaves no trace in a derivative",
        "f(x) = x^2 if x > 0 else 0\nf(3), f(-3), f'(-3)",
        "where and maximum",
        kind="expression",
    ),
    _statement(
        "-> lambda",
        "x -> formula, (x, y) -> formula",
        "a function without a name",
        "(x -> x^2)(3)\ngrad((x, y) -> x y, all)",
        "= def ∘",
        kind="expression",
    ),
    _statement(
        "with",
        "f with derivative g, f with vjp h, f with jvp h",
        "a function with a derivative of its own, differentiated further by g",
        "q = floor with vjp (x, g) -> 0*g\nq(2.7), q'(2.7)\ncube = (x -> x^3) with derivative x -> 3x^2\ncube''(2)",
        "with_derivative with_vjp with_jvp gradcheck",
        kind="expression",
    ),
    _statement(
        "at",
        "command at point",
        "says where, behind a formula or a word such as `tangent`",
        "d/dx x^3 at 2\ntangent x^2 at 1\nsolve x^2 = 2 at 1",
        "over d/dx tangent",
        kind="expression",
    ),
    _statement(
        "over",
        "command over low..high",
        "says from where to where, behind `plot`, `integrate`, `roots` or `extrema`",
        "integrate x^2 over 0..3\nroots x^2 - 2 over 0..2",
        ".. plot integrate roots at",
        kind="expression",
    ),
    _statement(
        "order",
        "command order n",
        "says which order, behind `derivative`",
        "derivative x^5 order 3",
        "derivative ' at",
        kind="expression",
    ),
    _statement(
        "and or not",
        "a and b, a or b, not a",
        "both, at least one, the contrary",
        "x = 3\n0 < x and x < 5, not x == 3",
        "if == <",
        kind="expression",
    ),
    _statement(
        "true false none",
        "true, false, none",
        "the two truths, and nothing; True, False and None are the same",
        "1 < 2, true and false",
        "if == none",
        kind="constant",
    ),
    _statement(
        "#",
        "# text",
        "a comment: the rest of the line is not read",
        "1 + 1  # two",
        "scripts",
    ),
    _statement(";", "a; b", "several statements on one line", "f(x) = x^2; f(3)", "="),
)
SIGNS = (
    _sign(
        "+ - −",
        "a + b, a - b, -a",
        "sum, difference, the opposite",
        "2 + 3, 2 - 3, -5",
        "± * sum",
        value="(x, y) -> x - y",
    ),
    _sign(
        "* · × ⋅",
        "a*b, 2x, (x+1)(x-1)",
        "product; a number or a closing bracket in front of a name multiplies it",
        "x = 3\n2x, (x+1)(x-1), [1, 2] * [10, 20]",
        "@ ^ / prod",
        "A name in front of a bracket is a call, so `x(x+1)` is written `x*(x+1)`. Names are never split: `xy` is one.",
        value="(x, y) -> x*y",
    ),
    _sign(
        "/ ÷",
        "a/b",
        "quotient; exact of whole numbers and fractions",
        "1/3 + 1/6, 7/2",
        "// % *",
        value="(x, y) -> x/y",
    ),
    _sign(
        "// %",
        "a // b, a % b",
        "how often b goes into a, rounded down, and what is left",
        "7 // 2, 7 % 2, -7 // 2, -7 % 2",
        "mod floor /",
    ),
    _sign(
        "^ **",
        "x^y, x**y, x²",
        "power; of whole numbers it is exact",
        "2^10, 2^-1, 4^0.5",
        "sqrt root exp pow @",
        "It binds more tightly than a sign in front: `-2^2` is -4. A number below 0 has whole powers alone.",
        value="(x, y) -> x^y",
    ),
    _sign("@", "a @ b", "product of matrices and vectors", "[[1, 2], [3, 4]] @ [1, 10]", "matmul dot * T"),
    _sign(
        "' ′",
        "f', f'', sin'(0), (x^3)'",
        "the derivative of a function of one variable; a prime more is an order more",
        "sin'(0), sin''(1)\nf(x) = x^3\nf'\nf''(2)",
        "derivative d/dx steps grad",
    ),
    _sign(
        "d/dx ∂ ∂f/∂x d²/dx²",
        "d/dx f, ∂f/∂x, ∂²f/∂x∂y, df/dx",
        "derivatives as Leibniz wrote them; d/dx is of the whole product behind it",
        "d/dx x^3\nf(x, y) = x^2 y\n∂f/∂x, ∂²f/∂x∂y\n∂f/∂x(3, 5)",
        "' ∇ diff at",
    ),
    _sign(
        "∇",
        "∇f, ∇f(3, 5)",
        "the gradient by all inputs, as one vector",
        "f(x, y) = x^2 y\n∇f\n∇f(3, 5)",
        "nabla grad ∂ hessian",
    ),
    _sign(
        "√ ∛ ∜",
        "√x, ∛x, ∜x",
        "square, cube and fourth root of what stands behind it",
        "√2, ∛27, √(9 + 16)",
        "sqrt cbrt root ^",
    ),
    _sign("| |x|", "|x|", "distance from 0", "|-3|, |2 - 5|", "abs norm"),
    _sign("!", "n!", "factorial: 1*2*...*n", "5!, 10!/8!", "factorial gamma binomial"),
    _sign("°", "30°", "degrees, as the number of radians that they are", "sin(30°), cos 60°", "degrees radians pi"),
    _sign(
        "± +/-",
        "a ± b",
        "a measured number with its error; a function of such tells its own error and each input's share",
        "area(a, b) = a*b\narea(3 ± 0.1, 5 ± 0.2)",
        "propagate ≈",
    ),
    _sign(
        "≈",
        "a ≈ b, a ≈ b ± c",
        "whether two values are equal up to rounding, or no further apart than c",
        "0.1 + 0.2 ≈ 0.3, 3.1 ≈ pi ± 0.1",
        "allclose == assert",
    ),
    _sign(
        "== != ≠", "a == b, a != b", "whether two values are equal, or are not", "1 + 1 == 2, [1, 2] == [1, 3]", "≈ < ="
    ),
    _sign(
        "< > <= >= ≤ ≥", "a < b, a <= x < b", "comparing; several may stand in a row", "x = 3\n0 < x <= 3", "== if and"
    ),
    _sign(
        "..",
        "low..high",
        "an interval, or the whole numbers in it",
        "sum(k for k in 1..100)\nroots(x^2 - 2, 0..2)",
        "over range for",
    ),
    _sign(":=", "name := value", "the same as `=`", "a := 3\na", "="),
    _sign("∘", "f∘g", "the function that is first g, then f", "(sin∘sqrt)(4), sin(2)", "-> Sequential"),
    _sign(
        "∑ ∏",
        "∑(term, k, low, high)",
        "sum or product of a term over whole numbers",
        "∑(k^2, k, 1, 10), ∏(k, k, 1, 5)",
        "sum prod for ..",
    ),
    _sign("∞", "∞", "infinity", "limit(1/x, ∞)", "inf limit"),
    _sign(
        "[ ] [...]",
        "[1, 2], [[1, 2], [3, 4]]",
        "a tensor; behind a value, its elements as NumPy counts them, from 0",
        "A = [[1, 2], [3, 4]]\nA[0], A[:, 1], A[-1, -1], A.shape",
        "tensors T for",
    ),
    _sign(
        "( ) (...)",
        "(a, b)",
        "what belongs together, or a tuple, whose items may differ in kind and shape",
        "t = (3, [1, 2])\nt[0], len(t)",
        "[ *",
    ),
    _sign(
        ". T shape",
        "x.T, x.shape, x.sum(), net.w",
        "a part of a value: the transpose, the shape, a parameter; or a function of what is in front",
        "A = [[1, 2, 3]]\nA.T.shape, A.shape, A.sum(axis=1)",
        "transpose param [",
    ),
)


def forms() -> Iterator[Form]:
    """All of them."""
    yield from STATEMENTS
    yield from SIGNS


@cache
def by_name() -> Mapping[str, Form]:
    """Each under all that it is asked for by."""
    return {name: form for form in forms() for name in form.names}
