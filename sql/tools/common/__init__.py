"""What the programs beside this folder share. They need nothing but Python and its sqlite3 module."""
