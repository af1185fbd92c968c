"""`riskd` as a release of another model was: the same code, with another version of the model in all that it writes.

python -m tests.kafka.older_release run --config FILE
"""

from daemon.numba_cache import use_numba_cache

OLD_MODEL = "1"


def main() -> None:
    """Give the version another value before anything has read it, and be the command line."""
    use_numba_cache()
    import daemon.core

    daemon.core.MODEL_VERSION = OLD_MODEL
    defaults = daemon.core.Core.__init__.__kwdefaults__
    assert defaults is not None
    defaults["model_version"] = OLD_MODEL
    from daemon.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
