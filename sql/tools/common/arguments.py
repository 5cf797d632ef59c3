"""The arguments of a program, told from the short description that its help begins with."""

import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)  # until program.run listens, there is nothing to undo

import argparse  # noqa: E402


def parse(about, given, *names):
    """Positional names (with ? or + as argparse has them) and options with a value; a name that begins with - is a file's
    after --."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    for name in names:
        if name.startswith("--"):
            parser.add_argument(name)
        else:
            parser.add_argument(name.rstrip("?+*"), nargs=name[-1] if name[-1] in "?+*" else None)
    return parser.parse_args(given)
