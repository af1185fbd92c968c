"""A configuration as text for people, and as the hash of everything that decisions depend on."""

import hashlib

import orjson
import yaml

from config.schema import Config

# Where riskd reads and writes, and who may act: monitoring, gradual and full must decide alike.
_NOT_DECIDING = {"kafka", "journal", "audit", "metrics", "http", "control", "pretrade"}
_NOT_DECIDING_ENFORCEMENT = {"mode", "false_positive_threshold_per_week", "promotion", "sensitivity", "acks"}
_NOT_DECIDING_LIMIT = {"mode", "pinned_shadow", "promotion"}


def dump_full(config: Config) -> str:
    """Return the configuration as YAML in the full form, durations with their units; it loads to an equal one."""
    document = config.model_dump(mode="json", by_alias=True, exclude_none=True, context={"durations": "text"})
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
    return text


def decision_config_hash(config: Config) -> str:
    """Return the BLAKE2b-128 hex digest of the canonical JSON of what decisions depend on.

    Modes, pins, what promotion asks for, and places of input and output are left out. A scenario library enters by its
    name; its contents are in `setup_digest`.
    """
    deciding = config.model_dump(
        mode="json",
        by_alias=True,
        exclude={
            **dict.fromkeys(_NOT_DECIDING, True),
            "enforcement": {
                **dict.fromkeys(_NOT_DECIDING_ENFORCEMENT, True),
                "limits": {"__all__": _NOT_DECIDING_LIMIT},
            },
        },
    )
    return hashlib.blake2b(orjson.dumps(deciding, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
