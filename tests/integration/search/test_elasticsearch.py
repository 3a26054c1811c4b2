"""What only Elasticsearch has: a node that dies, TLS, keys, several nodes, more than 10,000 hits."""

from __future__ import annotations

import base64
import datetime
import http.server
import ipaddress
import json
import ssl
import threading
import urllib.request
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.errors import IndexUnreachable
from search import Query, SearchIndex, open_index
from tests.integration.search.engines import ALL, Node, entry, found, free_port, settle, wipe

KEY = "secret-api-key"


def opened(node: Node, nodes: str = "", **options: Any) -> SearchIndex:
    return open_index("elasticsearch", folder=Path(), nodes=nodes or node.url, writer=True, **options)


def test_killed_node_is_named_and_nothing_is_lost(tmp_path: Path) -> None:
    node = Node(tmp_path)
    node.start()
    try:
        index = opened(node)
        index.put([entry(f"a{number}", "Hund") for number in range(50)])
        node.kill()
        with pytest.raises(IndexUnreachable):
            index.put([entry("lost", "Hund")])
        with pytest.raises(IndexUnreachable):
            index.find(Query("Hund", ALL))
        node.start()
        index.put([entry("lost", "Hund"), *(entry(f"b{number}", "Hund") for number in range(20))])
        settle(index)
        assert index.find(Query("Hund", ALL)).total == 71
        assert len(set(index.ids())) == index.count() == 71
        index.close()
    finally:
        node.stop()


def test_no_node_at_all() -> None:
    with pytest.raises(IndexUnreachable):
        open_index("elasticsearch", folder=Path(), nodes=f"http://127.0.0.1:{free_port()}", writer=True)


def test_one_of_two_nodes_answers(node: Node) -> None:
    wipe(node)
    index = opened(node, f"http://127.0.0.1:{free_port()},{node.url}")
    index.put([entry("a", "Hund")])
    settle(index)
    for _ in range(4):
        assert found(index, "Hund") == ["a"]
    index.close()


def test_more_than_ten_thousand_hits_can_be_read(node: Node) -> None:
    wipe(node)
    index = opened(node)
    index.put(entry(f"d{number:05}", "Hund") for number in range(10_400))
    settle(index)
    seen: set[str] = set()
    after: str | None = None
    while True:
        hits = index.find(Query("Hund", ALL, limit=2000, after=after))
        assert hits.total == 10_400
        seen |= {hit.id for hit in hits.hits}
        after = hits.next
        if after is None:
            break
    assert len(seen) == 10_400
    index.close()


def test_generation_is_shared_by_processes(node: Node) -> None:
    wipe(node)
    here, elsewhere = opened(node), opened(node)
    here.put([entry("a", "alt")])
    new = here.begin_generation()
    elsewhere.put([entry("a", "jetzt"), entry("b", "jetzt")])
    elsewhere.remove(["c"])
    new.put([entry("a", "neu"), entry("c", "neu")])  # read before
    here.commit_generation()
    settle(here)
    assert set(here.ids()) == {"a", "b"}
    assert set(found(elsewhere, '"jetzt"')) == {"a", "b"}
    here.close()
    elsewhere.close()


def test_index_definition_needs_no_extras() -> None:
    definition = json.loads((files("search") / "data" / "elasticsearch-index.json").read_text("utf-8"))
    kinds = {field["type"] for field in definition["mappings"]["properties"].values()}
    assert kinds <= {"keyword", "text", "integer", "long"}
    assert definition["settings"]["analysis"] == {"analyzer": {"words": {"type": "custom", "tokenizer": "whitespace"}}}


@pytest.fixture
def proxy(node: Node, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """TLS and keys in front of the node, which has no security module. Gives: port, certificate authority."""
    ca = tmp_path / "ca.pem"
    key = tmp_path / "key.pem"
    _certificate(ca, key)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            basic = "Basic " + base64.b64encode(b"lotse:geheim").decode()
            if self.headers.get("Authorization") not in (f"ApiKey {KEY}", basic):
                self._answer(401, b"{}", "application/json")
                return
            request = urllib.request.Request(node.url + self.path, body or None, method=self.command)
            for name in ("Content-Type", "Accept"):
                if self.headers.get(name):
                    request.add_header(name, self.headers[name])
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    self._answer(answer.status, answer.read(), answer.headers.get("Content-Type", ""))
            except urllib.error.HTTPError as error:
                with error:
                    self._answer(error.code, error.read(), error.headers.get("Content-Type", ""))

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _pass_on  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port, ca
    server.shutdown()
    server.server_close()
    thread.join(10)


def _certificate(target: Path, key_file: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(1))
        .not_valid_after(now + datetime.timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    target.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def test_tls_with_api_key_or_password(node: Node, proxy: tuple[int, Path]) -> None:
    wipe(node)
    port, ca = proxy
    by_key = opened(node, f"https://127.0.0.1:{port}", api_key=KEY, ca=str(ca))
    by_key.put([entry("a", "Hund")])
    settle(by_key)
    by_password = opened(node, f"https://lotse:geheim@127.0.0.1:{port}", ca=str(ca))
    assert found(by_key, "Hund") == found(by_password, "Hund") == ["a"]
    by_key.close()
    by_password.close()


def test_wrong_key_and_unknown_authority_are_unreachable(node: Node, proxy: tuple[int, Path]) -> None:
    port, ca = proxy
    with pytest.raises(IndexUnreachable):
        opened(node, f"https://127.0.0.1:{port}", api_key="wrong", ca=str(ca))
    with pytest.raises(IndexUnreachable):
        opened(node, f"https://127.0.0.1:{port}", api_key=KEY)
