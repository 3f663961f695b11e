"""The main views, for tests that look at all of them."""

from __future__ import annotations

from functools import cache

import pytest

from gradcli.output.formats import FORMATS
from gradcli.output.terminal import Terminal
from gradcli.session.session import Step
from tests.faces.harness import shell
from tests.language.running import run

# What is typed for each view; a command line where it begins with gradcli.
VIEWS = {
    "scalars": "gradcli grad 'exp(x)*sin(x*y)*z' x=3 y=5 z=0.1 --order 2",
    "long_formulas": "gradcli grad 'exp(-(x^2 + y^2)/2)*cos(3x*y)/sqrt(1 + x^2*y^2)' x=0.3 y=0.7",
    "formulas": "gradcli grad 'x^3*sin(3x)*exp(-x)' --order 2",
    "tensors": "f(x, y) = sum(sin(x) * y^3); derivatives(f)([1/3, 2, 3], [4, 1/7, 6e-100])",
    "hessian": "f(x, y) = sin(x*y); hessian(f); hessian(f)(1/3, 1/7)",
    "elided": "normal((30, 20)) * 100; x = linspace(-1, 1, 100); 1/x - 1/0*(x > 0.9); x < 0; int(100*x)",
    "stack": "normal((2, 2, 3)) * [1, 100, 1e-5]; [[1/0, -0.0], [0/0, -2.5]]; [[true, false], [false, false]]",
    "parameters": "net = Sequential(Dense(8, 16), Dense(16, 1)); params(net)",
    "model": """model net(x, y):
    param z = [1/3, 1/7]
    return sum(tanh(x*z) * y)
net; derivatives(net)([2, 1/3], 5)""",
    "taylor": "taylor(x -> exp(x)*cos(x)/(1 + x), 0.3, 4); taylor((x, y) -> exp(x*y)*cos(x), (0, 0), 4)",
    "steps": "steps (x -> x^2*sin(3x)) at 2",
    "check": "gradcli check 'exp(x)*sin(x*y)' x=3 y=5",
    "extrema": "f(x) = x^4 - 3x^2 + x; extrema(f, -2, 2)",
    "propagate": "g(l, T) = 4pi^2*l/T^2; g(1.002 ± 0.001, 2.007 ± 0.004)",
    "tuple": '([[1, 2.5], [-10, 1e-3]], 1/3, float32([1/7])); ("a", [[1, 2], [3, 4]], none)',
    "mistake": "f(x) = [[1, 2, 3], [4, 5, 6]] @ x; f([1, 2])",
    "assert": 'assert [[1/3, 2/3], [1, 1/7]] == [[1, 1/7], [1/3, -2/3]], "what 0.123456789 says"',
    "definition": "g(x) = x^2; f(x) = g(g(x)) * sin(g(x)) / (1 + g(x)); f; f'",
}


# Pictures, whose size follows the terminal's.
PICTURES = {
    "plot": "gradcli plot 'x^3 - 3x' '3x^2 - 3' --over -2..2",
    "contours": "gradcli plot 'x^2 - y^2' --over -2..2,-1..1",
    "sparse": "g(x) = sum((x[1:] - x[:-1])^2); hessian(g, sparse=true)(linspace(-1, 1, 12))",
}


@cache
def answered(text: str) -> Step:
    """What a script gives, once for all screens."""
    return run(text)


def fill(terminal: Terminal, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Show on a terminal what a script gives, or a command line that begins with gradcli."""
    if text.startswith("gradcli "):
        monkeypatch.setitem(FORMATS, "text", lambda command: terminal)
        ran = shell(text)
        assert ran.code == 0, ran.err
        return
    step = answered(text)
    for result in step.results:
        terminal.result(result)
    for diagnostic in step.diagnostics:
        terminal.diagnostic(diagnostic)
