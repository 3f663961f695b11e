"""One question, one answer: an expression's value, a function's derivatives, each in a session of its own."""

from __future__ import annotations

from typing import Any, SupportsIndex

from gradcli.api.errors import GradcliError
from gradcli.api.functions import Function, Wrt, as_function
from gradcli.api.home import GIVEN, new_home
from gradcli.api.sessions import value_of
from gradcli.language.text.diagnostics import Diagnostic, Source, Span, near
from gradcli.language.text.parse import parse
from gradcli.language.text.syntax import names_in
from gradcli.session.mistakes import Mistakes


def evaluate(text: str, /, *, dtype: Any = None, **values: Any) -> Any:
    """The value of an expression, or of the one that a text of statements ends in.

    Numbers, NumPy arrays of bool, int or float, nested lists, tuples and texts go in, and are copied. Python's numbers
    come out for scalars (NumPy's for float32), new arrays for tensors, tuples for tuples, a `Function` for a function,
    and results for tables, sparse matrices and polynomials.

    `dtype`, "float64" or "float32", is what Python's numbers and lists become. Arrays keep theirs: float32 stays
    float32, ints go to int64.

    Raises:
        GradcliError: for a mistake in the text, a name without a value, a value that the text has no place for.

    >>> import gradcli, numpy as np
    >>> gradcli.evaluate("x^2*y", x=3, y=5)
    45
    >>> gradcli.evaluate("sum(x^2)", x=np.ones(4, "float32"))
    np.float32(4.0)
    >>> gradcli.evaluate("f(x) = x^3; f(2), f'(2)")
    (8.0, 12.0)
    """
    home = new_home(dtype)
    if values and isinstance(text, str):
        _refuse_unmentioned(text, values)
    return value_of(home, text, values)


def function(text: str | Function, /, *, dtype: Any = None) -> Function:
    """The function that a text is: a definition, an expression in its free names, a lambda, or a built-in's name.

    The free names of an expression are its inputs, in the order in which they occur. What stands before a definition
    that the text ends in is run.

    Raises:
        GradcliError: for a mistake in the text, and one that ends in no function.

    >>> import gradcli
    >>> gradcli.function("f(x, y) = x^2*y")
    <gradcli function f(x, y)>
    >>> gradcli.function("x^2*y")(y=5, x=3)
    45.0
    >>> gradcli.function("x -> x^2")(3)
    9.0
    """
    return as_function(text, dtype)


def grad(
    f: str | Function, /, wrt: Wrt = None, order: SupportsIndex = 1, *, has_aux: bool = False, dtype: Any = None
) -> Function:
    """The gradient of a function, as a function of the same inputs. `f` is a `Function` or a text of one.

    `wrt` is the name of an input or a parameter, or a sequence of names; without it the first input is meant, as in the
    language. The result has the structure and shapes of what is differentiated by: one value for a name, a tuple for a
    sequence. Outputs that are not one number are summed first. With `has_aux` the first output alone is
    differentiated, and the result is `(gradient, (other outputs))`.

    `order` beyond 1 gives, by one name, what differentiating so many times in turn gives, in its shape: for numbers the
    n-th derivative. By a sequence of names it gives a table of all partials of that order, a `Derivatives`.

    Raises:
        GradcliError: for a mistake in the text, names that there are none of, and an order that is none.

    >>> import gradcli
    >>> gradcli.grad("x^2*y")(3, 5), gradcli.grad("x^2*y", wrt=("x", "y"))(x=3, y=5)
    (30.0, (30.0, 9.0))
    >>> gradcli.grad("sin", order=3)(0)
    -1.0
    >>> gradcli.grad("x^2*y", wrt=("x", "y"), order=2)(3, 5)["x", "y"]
    6.0
    """
    return as_function(f, dtype).grad(wrt, order, has_aux=has_aux)


def value_and_grad(f: str | Function, /, wrt: Wrt = None, *, has_aux: bool = False, dtype: Any = None) -> Function:
    """A function's value and its gradient, computed together: `(value, gradient)`, the latter as `grad` gives it.

    Raises:
        GradcliError: as `grad` does.

    >>> import gradcli
    >>> gradcli.value_and_grad("x^2*y", ("x", "y"))(3, 5)
    (45.0, (30.0, 9.0))
    """
    return as_function(f, dtype).value_and_grad(wrt, has_aux=has_aux)


def jacobian(f: str | Function, /, wrt: Wrt = None, *, dtype: Any = None) -> Function:
    """Every first partial of every output, nothing summed, by all real inputs or those named.

    Where these are all scalars, one matrix: a row for each output, a column for each input. Otherwise an array for each
    input, of the output's shape followed by the input's, in a tuple where there are several; for several outputs a
    tuple over them.

    Raises:
        GradcliError: as `grad` does.

    >>> import gradcli
    >>> gradcli.jacobian("x*y, x + y")(3, 5).tolist()
    [[5.0, 3.0], [1.0, 1.0]]
    """
    return as_function(f, dtype).jacobian(wrt)


def hessian(f: str | Function, /, wrt: Wrt = None, *, dtype: Any = None) -> Function:
    """Every second partial, nothing summed, by all real inputs or those named: one matrix, or blocks as in `jacobian`.

    Raises:
        GradcliError: as `grad` does.

    >>> import gradcli
    >>> gradcli.hessian("x^2*y")(3, 5).tolist()
    [[10.0, 6.0], [6.0, 0.0]]
    """
    return as_function(f, dtype).hessian(wrt)


def derivatives(f: str | Function, /, order: SupportsIndex = 2, wrt: Wrt = None, *, dtype: Any = None) -> Function:
    """Every partial up to an order, by all real inputs or those named: a function that gives a `Derivatives` table.

    Raises:
        GradcliError: as `grad` does, and for a table of more than 5,000 rows.

    >>> import gradcli
    >>> table = gradcli.derivatives("x^2*y")(3, 5)
    >>> table["x", "y"], [row.name for row in table.rows][:3]
    (6.0, ['f', '∂f/∂x', '∂f/∂y'])
    """
    return as_function(f, dtype).derivatives(order, wrt)


def _refuse_unmentioned(text: str, values: dict[str, Any]) -> None:
    source = Source(GIVEN, text)
    try:
        mentioned = set(names_in(parse(source)))
    except Mistakes:
        # Whoever runs it says what is wrong with it.
        return
    for name in values:
        if name not in mentioned:
            whole = Span(source, 0, len(text))
            hint = near(name, sorted(mentioned)) or "leave it out"
            raise GradcliError(Diagnostic("usage", f"the text has no `{name}`", whole, hint))
