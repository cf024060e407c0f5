"""A wire between a client and a server that can fall silent without breaking."""

import socket
import threading
from contextlib import suppress


class SilentWire:
    """Forwards every connection to a port of this machine, until told to be silent."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._speaking = threading.Event()
        self._speaking.set()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def silence(self) -> None:
        """Hold back every byte; nobody is told."""
        self._speaking.clear()

    def speak(self) -> None:
        """Deliver what was held back, and go on."""
        self._speaking.set()

    def close(self) -> None:
        """Accept nobody any more."""
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._server.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                for end in (near, far):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                self._speaking.wait()
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
