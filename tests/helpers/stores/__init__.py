"""Feature groups with rows and histories, and those who read and write them."""
