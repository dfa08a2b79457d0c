"""`manage.py listen_for_orders`: the process that takes orders over MLLP; see deploy/start."""

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from predictions.services.exchange.run_listener import Listener, tls_of_settings


class Command(BaseCommand):
    """Listens for orders until it is told to end."""

    help = "Take orders (HL7 ORM^O01, OML^O21) over MLLP. Off unless EXCHANGE_LISTEN is set."

    def handle(self, *args: Any, **options: Any) -> None:
        host, _, port = settings.EXCHANGE_LISTEN.rpartition(":")
        if not host or not port.isdigit():
            raise CommandError("Set EXCHANGE_LISTEN to host:port, e.g. 0.0.0.0:2575.")
        with Listener(host, int(port), tls=tls_of_settings()) as listener:
            # From another thread: the loop that is to end cannot wait for its own end.
            for each in (signal.SIGTERM, signal.SIGINT):
                signal.signal(each, lambda *_: threading.Thread(target=listener.shutdown).start())
            self.stdout.write(f"listening for orders on {settings.EXCHANGE_LISTEN}")
            self.stdout.flush()
            listener.serve_forever(poll_interval=0.2)
