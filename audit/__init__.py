"""The audit log: JSON lines, hash chain and verification."""
