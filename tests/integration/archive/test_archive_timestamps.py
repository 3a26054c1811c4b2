"""RFC 3161: blocks are stamped by a real (local) authority, and a stamp that does not fit is found."""

from __future__ import annotations

import base64
import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from archive.timestamps import Rfc3161
from core.errors import EnvironmentProblem
from core.settings import Settings
from models import SYSTEM
from models.chain import record
from services.house import House, make_home, open_house
from services.proving import stamp_journal, verify_journal
from services.registry import set_up

CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ordering = yes
tsa_name = no
ess_cert_id_alg = sha256
"""


def openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)


def authority(folder: Path, name: str) -> Path:
    """A certificate authority with a key for time stamps. Returns: its folder."""
    place = folder / name
    place.mkdir()
    (place / "serial").write_text("01\n")
    (place / "tsa.cnf").write_text(CONFIG.format(folder=place))
    (place / "ext").write_text("extendedKeyUsage=critical,timeStamping\nbasicConstraints=CA:FALSE\n")
    new = ("-newkey", "rsa:2048", "-nodes", "-keyout")
    openssl("req", "-x509", *new, str(place / "ca.key"), "-out", str(place / "ca.pem"), "-subj", f"/CN={name}")
    openssl("req", *new, str(place / "tsa.key"), "-out", str(place / "tsa.csr"), "-subj", f"/CN={name} stamps")
    ca = ("-CA", str(place / "ca.pem"), "-CAkey", str(place / "ca.key"), "-CAcreateserial")
    out = ("-out", str(place / "tsa.pem"), "-extfile", str(place / "ext"))
    openssl("x509", "-req", "-in", str(place / "tsa.csr"), *ca, *out)
    return place


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tsa")
    return authority(folder, "one"), authority(folder, "other")


@pytest.fixture
def service(authorities: tuple[Path, Path]) -> Iterator[str]:
    place = authorities[0]

    class Stamps(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/timestamp-query"
            (place / "q").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            signer = ("-inkey", str(place / "tsa.key"), "-signer", str(place / "tsa.pem"))
            files = ("-queryfile", str(place / "q"), "-out", str(place / "r"))
            openssl("ts", "-reply", "-config", str(place / "tsa.cnf"), *files, *signer)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write((place / "r").read_bytes())

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Stamps)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def opened(home: Path, url: str, ca: Path | None) -> House:
    settings = {"AKTENLOTSE_TIMESTAMP_URL": url, **({"AKTENLOTSE_TIMESTAMP_CA": str(ca)} if ca else {})}
    return House(Settings.load(home, settings))


def test_blocks_are_stamped_and_a_wrong_stamp_is_found(
    tmp_path: Path, service: str, authorities: tuple[Path, Path]
) -> None:
    home = tmp_path / "home"
    make_home(home)
    house = opened(home, service, authorities[0] / "ca.pem")
    try:
        set_up(house, "root")
        for number in (1, 2):
            with house.database.write() as session:
                record(session, SYSTEM, "test.act", "test", str(number))
            house.journal.sign(house.database, force=True)
            stamp_journal(house)
            stamp_journal(house)  # once a block
        report = verify_journal(house, SYSTEM)
        assert report["ok"] and report["stamps"] == 2 and report["stamped"] == report["entries"]
    finally:
        house.close()
    other = opened(home, service, authorities[1] / "ca.pem")  # who is not believed
    assert {finding["code"] for finding in verify_journal(other, SYSTEM)["findings"]} == {"J014"}
    other.close()
    (path,) = home.glob("journal/*/stamps.jsonl")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[0]["token"], lines[1]["token"] = lines[1]["token"], lines[0]["token"]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    for ca in (authorities[0] / "ca.pem", None):
        again = opened(home, service, ca)
        assert [finding["code"] for finding in verify_journal(again, SYSTEM)["findings"]] == ["J014", "J014"]
        again.close()


def test_openssl_believes_our_stamps(service: str, authorities: tuple[Path, Path], tmp_path: Path) -> None:
    answer = Rfc3161(service).stamp(b"ein Block")
    assert answer is not None
    (tmp_path / "r").write_bytes(answer)
    (tmp_path / "data").write_bytes(b"ein Block")
    files = ("-in", str(tmp_path / "r"), "-data", str(tmp_path / "data"), "-CAfile", str(authorities[0] / "ca.pem"))
    openssl("ts", "-verify", *files)
    assert base64.b64encode(answer)


def test_a_service_that_does_not_answer_stops_nothing(tmp_path: Path) -> None:
    make_home(tmp_path / "home")
    with open_house(Settings.load(tmp_path / "home", {"AKTENLOTSE_TIMESTAMP_URL": "http://127.0.0.1:9/"})) as house:
        set_up(house, "root")
        house.journal.sign(house.database, force=True)
        with pytest.raises(EnvironmentProblem):  # the loop that stamps counts it and goes on
            stamp_journal(house)
        assert verify_journal(house, SYSTEM)["ok"]
    silent = Rfc3161("http://127.0.0.1:9/")
    with pytest.raises(EnvironmentProblem):
        silent.stamp(b"x")
    assert silent.stamp(b"x") is None  # not asked again for a while
