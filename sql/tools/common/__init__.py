"""What the programs beside this folder share. They need nothing but Python and its sqlite3 module."""

import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)  # until program.run listens, there is nothing to undo
