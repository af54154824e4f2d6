"""A way to PostgreSQL that a test can take away and give back."""

import contextlib
import select
import socket
import threading


class Relay:
    """Stands between the app and PostgreSQL's socket, and can be taken away."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.open = True
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.open:
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()
            else:
                client.close()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, contextlib.suppress(OSError):
            server.connect(self._target)
            ends = {client: server, server: client}
            while self.open:
                for end in select.select(list(ends), [], [], 0.1)[0]:
                    data = end.recv(65536)
                    if not data:
                        return
                    ends[end].sendall(data)

    def close(self) -> None:
        self.open = False
        self._listener.close()
