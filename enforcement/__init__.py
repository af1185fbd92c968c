"""Limits, breach life, modes, actions and the enforcer."""
