"""The word to systemd: ready, alive, stopping; silent where no service manager listens."""

import os
import time

from sdnotify import SystemdNotifier

_BEAT_SHARE = 0.3  # of the watchdog's time: three words before it would act


class ServiceManager:
    """Speaks to `$NOTIFY_SOCKET`; `$WATCHDOG_USEC` says how often systemd wants to hear that the loop lives."""

    def __init__(self) -> None:
        self._notifier = SystemdNotifier()
        self._beat_every_s = int(os.environ.get("WATCHDOG_USEC", "0")) / 1e6 * _BEAT_SHARE
        self._beat_due_s = 0.0

    def ready(self) -> None:
        """Say that recovery is done and events are applied."""
        self._notifier.notify("READY=1")

    def beat(self) -> None:
        """Say that the loop lives, as often as the watchdog wants to hear it."""
        now_s = time.monotonic()
        if self._beat_every_s > 0.0 and now_s >= self._beat_due_s:
            self._beat_due_s = now_s + self._beat_every_s
            self._notifier.notify("WATCHDOG=1")

    def stopping(self) -> None:
        """Say that the end was asked for."""
        self._notifier.notify("STOPPING=1")
