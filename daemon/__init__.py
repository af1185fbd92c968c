"""The state machine and everything that carries bytes to and from it."""
