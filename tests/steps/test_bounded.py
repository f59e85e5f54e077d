"""An answer ends, whatever the server has in mind."""

import gzip
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from steps.bounded import answered


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(201 if self.path == "/plain" else 200)
        if self.path in ("/plain", "/bomb"):
            body = gzip.compress(b"told" if self.path == "/plain" else b"0" * 10**7)
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"." * (10**5 if self.path == "/endless" else 1))
                self.wfile.flush()
                time.sleep(0 if self.path == "/endless" else 0.02)
        except OSError:
            pass

    def log_message(self, *args):
        pass


@pytest.fixture
def client():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with httpx.Client(base_url=f"http://127.0.0.1:{server.server_port}", timeout=20) as client:
        yield client
    server.shutdown()
    server.server_close()


def test_a_whole_answer_is_as_it_was_sent(client):
    found = answered(client, "GET", "/plain", within=20)
    assert (found.status_code, found.text) == (201, "told") and found.is_success


@pytest.mark.parametrize("path", ["/endless", "/bomb"])
def test_one_that_is_too_long_is_read_no_further(client, path):
    with pytest.raises(httpx.ReadError, match="more than 1000000 bytes"):
        answered(client, "GET", path, within=60, most=10**6)


def test_one_that_drips_is_not_waited_for(client):
    begun = time.monotonic()
    with pytest.raises(httpx.ReadTimeout, match=r"longer than 0\.3 s"):
        answered(client, "GET", "/drip", within=0.3)
    assert time.monotonic() - begun < 15
