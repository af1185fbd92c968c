"""The configuration as an input: what the core goes on with, and the version of the model that computes it."""

import msgspec

from config.setup import Setup, setup_from_record, setup_record


class Configured(msgspec.Struct, frozen=True, gc=False):
    """A configuration that the journal holds.

    The first of a journal says what its core was built from, and changes nothing; a later one is a start with another
    file, or by a release with another model.
    model_version : "" where the journal is of a release that did not write it down
    """

    setup: Setup
    model_version: str = ""


def configured_payload(setup: Setup, model_version: str) -> bytes:
    """Return what the journal holds of a configuration."""
    return setup_record(setup, model_version)


def read_configured(payload: bytes) -> Configured:
    """Return what `configured_payload` wrote; raises ValueError where this release cannot read it."""
    return Configured(*setup_from_record(payload))
