"""What there is to say of a name: each of its meanings, from where that is stated."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from textwrap import dedent

from gradcli.core.errors import CoreError
from gradcli.core.limits import LIMITS, Limit, limit, use
from gradcli.language.calls.arguments import signature
from gradcli.language.calls.builtin import Builtin
from gradcli.language.calls.functions import UserFunction
from gradcli.language.derivatives.formulas import try_formulas
from gradcli.language.library.names import NUMBERS, builtins
from gradcli.language.text.diagnostics import near
from gradcli.language.text.notation import VERBS
from gradcli.language.values.values import Function, Required, Value
from gradcli.session.help import facts
from gradcli.session.help.entries import CommandText, Entry, Explained, Fact, Listing, samples, shown_in
from gradcli.session.help.examples import example_of
from gradcli.session.help.families import aliases, families, is_of_numbers, related
from gradcli.session.help.forms import Form, by_name, forms
from gradcli.session.help.topics import ALL, FIRST, MORE, TOPICS, Topic, topic
from gradcli.session.mistakes import Mistakes
from gradcli.session.overview import names_read
from gradcli.session.session import Session
from gradcli.session.settings import SETTINGS

Commands = Mapping[str, CommandText]
NO_COMMANDS: Commands = {}
# Pages that are lists, made of what there is.
LISTS = ("functions", "commands")
MOST_RELATED = 6
# What is longer was not meant as names.
LONGEST_ASKED = 80
LONGEST_FORMULA = 400


def explain(asked: str, session: Session, commands: Commands = NO_COMMANDS) -> Explained:
    """All that there is to say of what was asked for, or the name that was perhaps meant.

    `commands` are those of the prompt, which the session knows nothing of; without a name it is the overview.
    """
    use(session.settings.limits)
    try:
        return _explained(asked.strip().strip('`"'), session, commands)
    finally:
        # Examples run with limits of their own.
        use(session.settings.limits)


def _explained(text: str, session: Session, commands: Commands) -> Explained:
    if not text:
        return Explained("", (_overview(commands),))
    name, blank, section = text.partition(" ")
    if blank and name in TOPICS:
        part = _section(topic(name), section.strip())
        if part is not None:
            return Explained(text, (part,))
    for name in _readings(text):
        entries = tuple(_meanings(name, session, commands)) or tuple(_as_option(name))
        if entries:
            return Explained(name, entries)
    words = text.split() if len(text) <= LONGEST_ASKED else []
    if len(words) > 1:
        found = [_explained(word, session, commands) for word in dict.fromkeys(words)]
        told = {(entry.kind, entry.title): entry for one in found for entry in one.entries}
        entries = tuple(told.values())
        lost = next((one for one in found if one.hint), None)
        return Explained(text if lost is None else lost.asked, entries, None if lost is None else lost.hint)
    known = [*help_names(session), *commands]
    return Explained(text, (), near(text, known) or "`:help` lists the topics, `:help functions` the functions")


def help_names(session: Session) -> list[str]:
    """Every name that there is help on, but for the prompt's commands: for completion."""
    words = [name for form in forms() for name in form.names if name.isidentifier()]
    names = [*builtins(), *words, *SETTINGS, *LIMITS, *TOPICS, *LISTS, *session.scope]
    return sorted(dict.fromkeys(names), key=lambda name: (name.lower(), name))


def _readings(text: str) -> Iterator[str]:
    """What may be meant: the text itself, or the name that it begins with, as in `sin(x)` and `f'`."""
    yield text
    begins = re.match(r"[^\W\d]\w*(?=[(\['′’])", text)
    if begins:
        yield begins[0]


def _meanings(name: str, session: Session, commands: Commands) -> Iterator[Entry]:
    if name.startswith(":") and name[1:] in commands:
        yield _command(commands[name[1:]])
        return
    if name in session.scope:
        yield _own(name, session.scope[name], session)
    if name in builtins():
        yield _built_in(name, session)
    form = by_name().get(name)
    if form is not None and not (name in builtins() and form.kind == "sign"):
        yield _form(form, session)
    if name in SETTINGS:
        yield _setting(name, session)
    if name in LIMITS:
        yield _limit(LIMITS[name], session)
    if name in commands:
        yield _command(commands[name])
    if name in TOPICS or name == "limits":
        yield _topic("settings" if name == "limits" else name, session)
    elif name in LISTS:
        yield _functions() if name == "functions" else _commands(commands)


def _built_in(name: str, session: Session) -> Entry:
    value = builtins()[name]
    if not isinstance(value, Builtin):
        return _number(name, session)
    found: list[Fact] = []
    if is_of_numbers(name):
        interpreter = facts.patient(Session())
        called = facts.called(interpreter, value)
        if called is not None:
            slopes, domain = facts.slopes(interpreter, called, value), facts.domain(called)
            found = [*slopes, *([domain] if domain else []), *facts.edges(called)]
    return Entry(
        signature(value),
        "function",
        value.summary,
        "\n\n".join(filter(None, [_told(value.details), _without_brackets(value)])),
        tuple(found),
        samples(example_of(name), session),
        related(name),
        aliases()[name],
    )


def _without_brackets(function: Builtin) -> str:
    """How a function is written that is also a word in front of what it is about."""
    if function.name not in VERBS:
        return ""
    names = [i.name for i in function.inputs]
    behind = " over 0..1" if "over" in names else " at 1" if "x0" in names or function.name == "solve" else ""
    behind = ' = "2x"' if "answer" in names else "(3)" if function.of_call else behind
    return f"Without brackets too: `{function.name} f{behind}`."


def _told(docstring: str) -> str:
    """What a docstring says to whoever calls."""
    return re.split(r"\n(?:Raises|Args):", inspect.cleandoc(docstring))[0].strip()


def _number(name: str, session: Session) -> Entry:
    number = next(n for n in NUMBERS if name in n.names)
    beside = ("degrees", "radians", "°") if name in ("deg", "rad") else ("constants",)
    others = [n.names[0] for n in NUMBERS if name not in n.names]
    near_names = (*beside, *others)[:MOST_RELATED]
    also = tuple(n for n in number.names if n != name)
    return Entry(
        name,
        "constant",
        number.summary,
        facts=(),
        samples=(*shown_in(name, Session(settings=session.settings)), *samples(number.example, session)),
        related=near_names,
        aliases=also,
    )


def _form(form: Form, session: Session) -> Entry:
    found: tuple[Fact, ...] = ()
    if form.value is not None:
        interpreter = facts.patient(Session())
        function = facts.function_of(interpreter, form.value)
        called = facts.called(interpreter, function)
        if called is not None:
            found = facts.slopes(interpreter, called, function)
    return Entry(form.title, form.kind, form.summary, form.details, found, samples(form.example, session), form.related)


def _setting(name: str, session: Session) -> Entry:
    setting = SETTINGS[name]
    _, details, example = _of_docstring(setting.setter.__doc__ or "")
    found = (Fact("now", setting.present(session.settings, session.seed)), Fact("can be", setting.takes))
    others = tuple(n for n in ("set", "settings", *SETTINGS) if n != name)
    return Entry(
        f"set {name} VALUE", "setting", setting.help, details, found, samples(example, session), others[:MOST_RELATED]
    )


def _of_docstring(text: str) -> tuple[str, str, str]:
    """The first line, the paragraphs, and the lines to type, which are indented."""
    first, *rest = inspect.cleandoc(text).split("\n\n")
    first = f"{first[:1].lower()}{first[1:].rstrip('.')}"
    told = [part.replace("\n", " ") for part in rest if not part.startswith(" ")]
    return first.replace("\n", " "), "\n\n".join(told), "\n".join(dedent(p) for p in rest if p.startswith(" "))


def _limit(entry: Limit, session: Session) -> Entry:
    default = "what the machine has" if entry.default is None else f"{entry.default:,} {entry.unit}"
    found = (
        Fact("now", _allowed(entry)),
        Fact("default", default),
        Fact("environment", entry.variable),
        Fact("can be", "a number above 0, inf for no limit, none for the default"),
    )
    example = samples(f"set {entry.name} {1000 if entry.default else 4}", session)
    others = tuple(n for n in ("set", "settings", *LIMITS) if n != entry.name)
    return Entry(f"set {entry.name} VALUE", "limit", entry.help, "", found, example, others[:MOST_RELATED])


def _allowed(entry: Limit) -> str:
    try:
        return f"{limit(entry.name):,.0f} {entry.unit}"
    except CoreError as error:
        return error.message


def _command(found: CommandText) -> Entry:
    return Entry(
        found.usage,
        "command",
        found.summary,
        _told(found.details),
        related=("commands", "prompt"),
        aliases=found.aliases,
    )


def _topic(name: str, session: Session) -> Entry:
    found = topic(name)
    listings: tuple[Listing, ...] = ()
    if name == "settings":
        listings = tuple(_settings(session))
    elif name == "constants":
        listings = (Listing("", tuple((", ".join(n.names), n.summary) for n in NUMBERS)),)
    mine = tuple(f.names[0] for f in families() if f.topic == name)
    text = found.text
    if found.sections:
        titles = ", ".join(section.title for section in found.sections)
        word = found.sections[-1].title.split()[0].lower().rstrip(",")
        text += f"\n\nMore, by a word of it, as `:help {name} {word}`: {titles}. `:help {name} {ALL}` is all of it."
    return Entry(name, "topic", found.summary, text, listings=listings, related=mine[:MOST_RELATED])


def _section(found: Topic, asked: str) -> Entry | None:
    """A section of a topic's reference, or all of it."""
    if asked == ALL:
        text = "\n\n".join((found.text, *(f"## {section.title}\n\n{section.text}" for section in found.sections)))
        return Entry(found.name, "topic", found.summary, text)
    section = found.section(asked)
    return None if section is None else Entry(f"{found.name}: {section.title}", "topic", "", section.text)


def _settings(session: Session) -> Iterator[Listing]:
    rows = [(s.name, f"{s.present(session.settings, session.seed)}; {s.help}") for s in SETTINGS.values()]
    yield Listing("Settings, as they are now", tuple(rows))
    limits = tuple((entry.name, f"{_allowed(entry)}; {entry.help}") for entry in LIMITS.values())
    yield Listing("Limits, as they are now", limits)


def _functions() -> Entry:
    listings = []
    for family in families():
        rows = []
        for name in family.names:
            value = builtins()[name]
            assert isinstance(value, Builtin)
            rows.append((name, value.summary))
        listings.append(Listing(family.title, tuple(rows)))
    return Entry("functions", "list", "every function, by families", listings=tuple(listings), related=TOPICS[:4])


def _commands(commands: Commands) -> Entry:
    rows = tuple((found.usage, found.summary) for found in commands.values())
    summary = "what begins with a colon is a command of the prompt, not of the language"
    return Entry("commands", "list", summary, listings=(Listing("", rows),), related=("prompt", "settings"))


def _as_option(name: str) -> Iterator[Entry]:
    """What stands in front of = in calls."""
    users = [n for n, v in builtins().items() if isinstance(v, Builtin) and name in _options(v)]
    if not users:
        return
    function = builtins()[users[0]]
    assert isinstance(function, Builtin)
    others = f" and {len(users) - MOST_RELATED} more" if len(users) > MOST_RELATED else ""
    summary = f"an input of {', '.join(users[:MOST_RELATED])}{others}, given by name"
    details = f"Such as in `{signature(function)}`; the help of each says more."
    yield Entry(f"{name}=", "option", summary, details, related=tuple(users[:MOST_RELATED]))


def _options(function: Function) -> list[str]:
    """The inputs that are given by name."""
    return [i.name for i in function.inputs if not isinstance(i.default, Required)]


def _own(name: str, value: Value, session: Session) -> Entry:
    """What the session has defined."""
    if not isinstance(value, Function):
        return Entry(name, "yours", "a value of this session", samples=shown_in(name, session))
    found: list[Fact] = []
    interpreter = facts.patient(session)
    try:
        table = try_formulas(interpreter, value, facts.NOWHERE)
    except Mistakes:
        table = None
    if table is not None:
        rows = zip(table.rows, table.formulas, strict=False)
        found += [_formula(str(partial) if partial.order else "formula", text) for (partial, _), text in rows if text]
    called = facts.called(interpreter, value)
    if called is not None and called.places:
        found += facts.slopes(interpreter, called, value)
    read = names_read(value) if isinstance(value, UserFunction) else []
    outside = [n for n in read if n not in builtins()]
    if outside:
        found.append(Fact("reads", ", ".join(n if n in session.scope else f"{n} (no value yet)" for n in outside)))
    parts = [n for n in value.members if n not in ("shape",)]
    if parts:
        found.append(Fact("parameters", ", ".join(parts)))
    beside = ("params", "grad", "model") if parts else ("'", "grad", "steps", "plot")
    return Entry(
        signature(value), "yours", f"a {value.kind} of this session", "", tuple(found), shown_in(name, session), beside
    )


def _formula(label: str, text: str) -> Fact:
    """A formula, where a reader can take it in."""
    return (
        Fact(label, text, True) if len(text) <= LONGEST_FORMULA else Fact(label, "too long for here: `formula` has it")
    )


def _overview(commands: Commands) -> Entry:
    topics = (*((name, topic(name).summary) for name in FIRST), ("more", " ".join(MORE)))
    named: dict[str, list[str]] = {}
    for family in families():
        named.setdefault(family.topic, []).append(" ".join(family.names[:3]))
    functions = tuple((name, f"{' '.join(groups)} ...") for name, groups in named.items() if len(groups) > 2)
    listings = (
        Listing("Topics, such as `:help calculus`", topics),
        Listing("Functions; `:help functions` has them all", functions, cut=True),
        Listing("", (("commands", " ".join(f":{name}" for name in commands)),)),
    )
    summary = "Type an expression to see its value. `:help NAME` or `?NAME` explains a name."
    return Entry("", "overview", summary, listings=listings)
