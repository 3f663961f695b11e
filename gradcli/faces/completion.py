"""`gradcli completion SHELL`: what completes a command line, made from the table; no process is started per Tab.

A script says what a shell does with the facts that follow the table: the commands, the options of each, what an option
or a word can be. Names behind `FILE.grad::` are read from the file by sed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradcli.faces.command_line import COMMANDS, HELP, PROGRAM, Command
from gradcli.faces.options import Option, Words

if TYPE_CHECKING:
    from gradcli.output.reporter import Reporter

# What a script reads the names of functions with: `model net(x):`, `def f(x):`, `f(x) = ...`.
_NAME = "[[:alpha:]_][[:alnum:]_]*"
_SED = (
    f"s/^(model|def)[[:blank:]]+({_NAME})[[:blank:]]*\\(.*/\\2/p; "
    f"s/^({_NAME})\\([^)]*\\)[[:blank:]]*:?=([^=].*|$)/\\1/p"
)


def script(reporter: Reporter, shell: str) -> int:
    """Write the script for a shell; the exit code."""
    made = SCRIPTS.get(shell)
    if made is None:
        from gradcli.language.text.diagnostics import Diagnostic, near
        from gradcli.session.results import Verdict

        hint = near(shell, [*SCRIPTS]) or f"there is one for {', '.join(SCRIPTS)}"
        reporter.diagnostic(Diagnostic("usage", f"there is no completion for `{shell}`", hint=hint))
        return Verdict.BAD_INPUT
    reporter.program(made())
    return 0


def _quoted(text: str) -> str:
    """A text that a POSIX shell takes as it is."""
    return "'" + text.replace("'", "'\\''") + "'"


def _options(command: Command) -> tuple[Option, ...]:
    return (*command.options, HELP)


def _takes_files(entry: Option | Words) -> bool:
    return any(word in entry.metavar for word in ("FILE", "WHERE", "NAME=VALUE"))


def _choices(entry: Words) -> list[str]:
    """What a word can be; the names that there is help on, for a topic."""
    if entry.parameter != "topics":
        return [*entry.choices]
    from gradcli.session.help import help_names
    from gradcli.session.session import fresh_session

    return help_names(fresh_session())


def _bash() -> str:
    commands = " ".join(COMMANDS)
    options, values, words = [], [], []
    for name, command in COMMANDS.items():
        flags = " ".join(flag for option in _options(command) for flag in option.flags)
        options.append(f"    {name}) options={_quoted(flags)} ;;")
        choices = [choice for entry in command.words for choice in _choices(entry)]
        files = "1" if any(map(_takes_files, command.words)) else ""
        words.append(f"    {name}) choices={_quoted(' '.join(choices))}; files={files} ;;")
    for option in _valued():
        pattern = "|".join(option.flags)
        files = "1" if _takes_files(option) else ""
        values.append(f"    {pattern}) choices={_quoted(' '.join(option.choices))}; files={files} ;;")
    general = " ".join(flag for option in _options(PROGRAM) for flag in option.flags)
    return f"""\
# Completion of gradcli for bash. In ~/.bashrc: eval "$(gradcli completion bash)"
_gradcli() {{
  local line=${{COMP_LINE:0:COMP_POINT}} word before command='' given='' options='' choices='' files='' prefix='' i
  word=${{line##*[[:space:]]}}
  local -a typed
  read -ra typed <<< "${{line%"$word"}}"
  before=${{typed[${{#typed[@]}} - 1]}}
  for given in "${{typed[@]:1}}"; do
    case $given in -*) ;; *) command=$given; break ;; esac
  done
  COMPREPLY=()
  case $command in
{chr(10).join(options)}
    *) options={_quoted(general)} ;;
  esac
  case $word in --*=*) before=${{word%%=*}}; prefix=$before=; word=${{word#*=}} ;; esac
  case $before in
{chr(10).join(values)}
    *) before='' ;;
  esac
  if [[ -z $before ]]; then
    case $command in
{chr(10).join(words)}
    '') choices={_quoted(commands)} ;;
    esac
  fi
  if [[ -z $before && $word == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
  elif [[ -z $before && $word == *.grad::* ]]; then
    prefix=${{word%%::*}}::
    local names
    names=$(sed -nE {_quoted(_SED)} "${{word%%::*}}" 2>/dev/null)
    COMPREPLY=($(compgen -P "$prefix" -W "$names" -- "${{word#*::}}"))
    prefix=''
  else
    case $word in *=@*) prefix=${{word%%@*}}@; word=${{word#*@}} ;; @*) prefix=@; word=${{word#@}} ;; esac
    [[ -z $choices ]] || COMPREPLY=($(compgen -W "$choices" -- "$word"))
    if [[ -n $files ]]; then
      compopt -o filenames 2>/dev/null
      local IFS=$'\\n'
      COMPREPLY+=($(compgen -f -- "$word"))
    fi
  fi
  for i in "${{!COMPREPLY[@]}}"; do COMPREPLY[i]=$prefix${{COMPREPLY[i]}}; done
  # Readline splits words at these, and puts in what stands behind the last one.
  word=${{line##*[[:space:]]}}
  local tail=$word
  [[ $COMP_WORDBREAKS != *:* ]] || tail=${{tail##*:}}
  [[ $COMP_WORDBREAKS != *=* ]] || tail=${{tail##*=}}
  [[ $COMP_WORDBREAKS != *@* ]] || tail=${{tail##*@}}
  for i in "${{!COMPREPLY[@]}}"; do COMPREPLY[i]=${{COMPREPLY[i]#"${{word%"$tail"}}"}}; done
}}
complete -F _gradcli gradcli"""


def _valued() -> list[Option]:
    """Each option that takes a value, of all commands."""
    found = {o.flags: o for command in COMMANDS.values() for o in command.options if o.kind is not bool}
    return [*found.values()]


def _zsh() -> str:
    options, values, words = [], [], []
    for name, command in COMMANDS.items():
        described = " ".join(_described(flag, option.help) for option in _options(command) for flag in option.flags)
        options.append(f"    {name}) options=({described}) ;;")
        choices = " ".join(map(_quoted, (choice for entry in command.words for choice in _choices(entry))))
        files = "1" if any(map(_takes_files, command.words)) else ""
        words.append(f"    {name}) choices=({choices}); files={files} ;;")
    for option in _valued():
        files = "1" if _takes_files(option) else ""
        values.append(f"    {'|'.join(option.flags)}) choices=({' '.join(option.choices)}); files={files} ;;")
    commands = " ".join(_described(name, command.help) for name, command in COMMANDS.items())
    general = " ".join(_described(flag, option.help) for option in _options(PROGRAM) for flag in option.flags)
    return f"""\
# Completion of gradcli for zsh. In ~/.zshrc, behind compinit: eval "$(gradcli completion zsh)"
_gradcli() {{
  local word=${{words[CURRENT]}} before=${{words[CURRENT-1]}} command='' given='' files=''
  local -a options choices names
  for given in ${{words[2,CURRENT-1]}}; do
    case $given in -*) ;; *) command=$given; break ;; esac
  done
  case $command in
{chr(10).join(options)}
    *) options=({general}) ;;
  esac
  case $word in --*=*) before=${{word%%=*}}; compset -P '*=' ;; esac
  case $before in
{chr(10).join(values)}
    *) before='' ;;
  esac
  if [[ -n $before ]]; then
    compadd -a choices
    [[ -z $files ]] || _files
    return
  fi
  case $command in
{chr(10).join(words)}
    '') options+=({commands}) ;;
  esac
  if [[ $word == -* || -z $command ]]; then
    _describe gradcli options
  elif [[ $word == *.grad::* ]]; then
    names=(${{(f)"$(sed -nE {_quoted(_SED)} ${{word%%::*}} 2>/dev/null)"}})
    compset -P '*::'
    compadd -a names
  else
    [[ $word != *@* ]] || compset -P '*@'
    compadd -a choices
    [[ -z $files ]] || _files
  fi
}}
compdef _gradcli gradcli"""


def _described(word: str, help: str) -> str:
    """A word with what is said of it, as zsh takes both."""
    return _quoted(f"{word}:{help.replace(':', chr(92) + ':')}")


def _fish() -> str:
    lines = [
        "# Completion of gradcli for fish. In ~/.config/fish/config.fish: gradcli completion fish | source",
        "function __gradcli_names",
        "    set -l word (commandline -ct)",
        "    if string match -q -- '*.grad::*' $word",
        "        set -l file (string replace -r -- '::.*' '' $word)",
        f"        sed -nE {_fish_quoted(_SED)} $file 2>/dev/null | string replace -r -- '^' $file::",
        "    end",
        "end",
        "function __gradcli_files",
        "    set -l word (commandline -ct)",
        "    set -l prefix (string match -r -- '^[^@]*@' $word)",
        '    if test -n "$prefix"',
        "        __fish_complete_path (string replace -- $prefix '' $word) | string replace -r -- '^' $prefix",
        "    end",
        "end",
        f"set -g __gradcli_commands {' '.join(COMMANDS)}",
        "complete -c gradcli -f",
    ]
    first = "not __fish_seen_subcommand_from $__gradcli_commands"
    lines += [f"complete -c gradcli {_flags(o)} -d {_fish_quoted(o.help)}" for o in _options(PROGRAM)]
    for name, command in COMMANDS.items():
        lines.append(f'complete -c gradcli -n "{first}" -a {name} -d {_fish_quoted(command.help)}')
        seen = f"__fish_seen_subcommand_from {name}"
        for option in command.options:
            takes = ""
            if option.kind is not bool:
                takes = " -r" + ("F" if _takes_files(option) else f"f -a {_fish_quoted(' '.join(option.choices))}")
            lines.append(f'complete -c gradcli -n "{seen}" {_flags(option)}{takes} -d {_fish_quoted(option.help)}')
        choices = [choice for entry in command.words for choice in _choices(entry)]
        if choices:
            lines.append(f'complete -c gradcli -n "{seen}" -a {_fish_quoted(" ".join(choices))}')
        if any(map(_takes_files, command.words)):
            lines.append(f'complete -c gradcli -n "{seen}" -F -a "(__gradcli_names) (__gradcli_files)"')
    return "\n".join(lines)


def _flags(option: Option) -> str:
    return " ".join(f"-l {f[2:]}" if f.startswith("--") else f"-s {f[1:]}" for f in option.flags)


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


SCRIPTS = {"bash": _bash, "zsh": _zsh, "fish": _fish}
