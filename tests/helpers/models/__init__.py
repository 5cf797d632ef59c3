"""Models, and tables to train them on."""
