# SPDX-License-Identifier: GPL-2.0-or-later
"""A way to a TCP port that takes time, as if it were far away."""
import asyncio
import threading


class Relay:
    """Listens on a port of its own; octets reach the other end a while later, in order, in each direction. Connections
    go on from `source`, which may change from one connection to the next."""

    def __init__(self, port, delay, source="127.0.0.1"):
        self.to, self.delay, self.source = port, delay, source
        self.loop, self.port = asyncio.new_event_loop(), None
        ready = threading.Event()
        self.thread = threading.Thread(target=self.run, args=(ready,), daemon=True)
        self.thread.start()
        ready.wait()

    def run(self, ready):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self.on_connection, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self.loop.run_forever()
        server.close()
        left = asyncio.all_tasks(self.loop)
        for task in left:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self.loop.close()

    async def on_connection(self, reader, writer):
        # The SYN and its answer take their time, too.
        await asyncio.sleep(2 * self.delay)
        try:
            other = await asyncio.open_connection("127.0.0.1", self.to, local_addr=(self.source, 0))
        except OSError:
            writer.transport.abort()
            return
        await asyncio.gather(self.carry(reader, other[1]), self.carry(other[0], writer))

    async def carry(self, reader, writer):
        """One direction, until it ends; how it ended is carried on, too."""
        while True:
            try:
                data = await reader.read(65536)
            except OSError:
                self.loop.call_later(self.delay, writer.transport.abort)
                return
            if not data:
                self.loop.call_later(self.delay, writer.close)
                return
            self.loop.call_later(self.delay, writer.write, data)

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
