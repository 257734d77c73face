"""A simulated world with HTTPS doors and the proxy, and what a client needs to reach and trust them."""

import functools
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from syncline_sim.app import Plan, Simulation
from syncline_sim.world import World

PRODUCTION, SANDBOX = "acme-robotics.my.salesforce.com", "globex-sandbox--sim.sandbox.my.salesforce.com"


@asynccontextmanager
async def secured(folder: Path) -> AsyncIterator[Simulation]:
    """Run a world that listens for HTTPS too, its CA certificate in this folder."""
    world = World(seed=1)
    running = Simulation(world, Plan(leads=5, contacts=5, tls_dir=str(folder)))
    await running.start()
    yield running
    await running.stop()
    world.close()


def trust(simulation: Simulation) -> ssl.SSLContext:
    """Answer the settings of a client that trusts this world and nobody else."""
    return ssl.create_default_context(cafile=simulation.address()["ca"])


def go_by_environment(simulation: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the variables by which clients that know the vendors' hosts only find this world."""
    address = simulation.address()
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, address["proxy"])
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", address["ca"])


@functools.cache
def signer() -> tuple[str, str]:
    """Answer the key with which an app signs, and the certificate that it leaves with the vendor, both as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "an app")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return secret.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()
