"""The program: `gradcli`, and `python -m gradcli`."""

import gc


def main() -> None:
    """Run the command line."""
    # Start-up makes many objects that all stay; looking for garbage among them would take a twentieth of it.
    gc.set_threshold(100_000, 20, 20)
    from gradcli.faces.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
