"""Athletes, what stages make of them, and the same computed a second time."""
