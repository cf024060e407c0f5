"""TLS to an API: certificates are checked, or nothing is sent."""

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bff.adapters.http1_body import ResponseBody
from bff.adapters.http1_connection import HIGH_WATER
from bff.adapters.resource_server import HttpResourceServer
from bff.errors import ResourceServerResponseInvalid, ResourceServerUnavailable
from bff.resource.routes import Upstream
from tests.ports.resource_server.scripted_api import (
    OK,
    Serve,
    Wire,
    a_request,
    answering,
    pieces,
    settled,
)

BORN = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
LATER = dt.datetime(2120, 1, 1, tzinfo=dt.UTC)


def certificate(folder: Path, host: str) -> tuple[ssl.SSLContext, str]:
    """A server's side for ``host``, and the file of the one certificate to trust for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    alternatives = [x509.DNSName(host), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(BORN)
        .not_valid_after(LATER)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, private = folder / f"{host}.pem", folder / f"{host}.key"
    chain.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, private)
    return context, str(chain)


@pytest.mark.req("N101")
async def test_a_trusted_api_is_spoken_to_by_name(api: Serve, tmp_path: Path) -> None:
    """The name is announced, the connection is kept, and bytes stream both ways."""
    context, trusted = certificate(tmp_path, "localhost")
    asked: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    echoed = bytes(range(256)) * 8192

    async def script(wire: Wire) -> None:
        body = (await wire.request()).body
        await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        await answering(OK)(wire)

    listening = await api(script, tls=context)
    client = HttpResourceServer(tls=ssl.create_default_context(cafile=trusted))
    response = await client.send(listening.route(), a_request("POST"), pieces(echoed))
    assert b"".join([piece async for piece in response.body]) == echoed
    assert (await client.send(listening.route(), a_request(), None)).complete == b"ok"
    assert asked == ["localhost"]
    assert (listening.accepted, client.connections) == (1, 1)
    await client.aclose()


@pytest.mark.req("N25", "N101")
async def test_an_untrusted_api_is_told_nothing(
    api: Serve, client: HttpResourceServer, tmp_path: Path
) -> None:
    """An unknown authority, and a certificate for somebody else."""
    for host in ("localhost", "other.example"):
        context, trusted = certificate(tmp_path, host)
        heard = bytearray()

        async def script(wire: Wire, heard: bytearray = heard) -> None:
            heard.extend(await wire.closed())

        listening = await api(script, tls=context)
        chosen = (
            client
            if host == "localhost"
            else HttpResourceServer(tls=ssl.create_default_context(cafile=trusted))
        )
        with pytest.raises(ResourceServerUnavailable):
            await chosen.send(listening.route(), a_request(), None)
        assert heard == b""
        assert chosen.connections == 0
        await chosen.aclose()


@pytest.mark.req("N101")
async def test_an_api_without_tls_is_told_nothing(api: Serve, client: HttpResourceServer) -> None:
    """Where TLS was configured, plain text is no answer."""

    async def script(wire: Wire) -> None:
        await wire.reader.read(1)
        await wire.send(OK)

    listening = await api(script)
    upstream = Upstream("https", "localhost", listening.port)
    with pytest.raises(ResourceServerUnavailable):
        await client.send(listening.route(upstream=upstream), a_request(), None)


@pytest.mark.req("N100")
async def test_an_api_that_dies_behind_tls_is_noticed(api: Serve, tmp_path: Path) -> None:
    """A body that broke off does not look complete."""
    context, trusted = certificate(tmp_path, "localhost")

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")

    listening = await api(script, tls=context)
    client = HttpResourceServer(tls=ssl.create_default_context(cafile=trusted))
    response = await client.send(listening.route(), a_request(), None)
    with pytest.raises(ResourceServerResponseInvalid):
        _ = [piece async for piece in response.body]
    await client.aclose()


@pytest.mark.req("N100")
async def test_a_slow_browser_slows_the_api_down_behind_tls(api: Serve, tmp_path: Path) -> None:
    """Unread bytes are bounded there, too; then everything arrives."""
    context, trusted = certificate(tmp_path, "localhost")
    size = 256 * HIGH_WATER  # far more than the sockets on the way can hold
    written = 0

    async def script(wire: Wire) -> None:
        nonlocal written
        await wire.request()
        await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
        while written < size:
            await wire.send(bytes(65_536))
            written += 65_536

    listening = await api(script, tls=context)
    client = HttpResourceServer(tls=ssl.create_default_context(cafile=trusted))
    response = await client.send(listening.route(), a_request(), None)
    body = response.body
    assert isinstance(body, ResponseBody)
    await settled(lambda: written)
    assert HIGH_WATER < body.size <= 4 * HIGH_WATER
    assert written < size // 2
    assert sum([len(piece) async for piece in response.body]) == size
    assert client.connections == 1
    await client.aclose()
