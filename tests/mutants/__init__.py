"""Guards taken away one at a time: each failure of enforcement.md is built back in, and a test must catch it."""
