"""Where the peers' programs are: taken from the package registries into a folder of the cache.

Debian's packages are unpacked, not installed: nothing of the machine changes.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "bench"
PEERS = Path(__file__).with_name("peers")
DEBIAN = ("nginx", "wrk", "apache2-bin", "libapache2-mod-auth-openidc")
STARLETTE = ("starlette==1.10.0", "uvicorn[standard]", "httpx", "redis", "itsdangerous", "pyjwt")
FORWARDING = ("aiohttp", "pyreqwest==0.15.1", "httpx-aiohttp", "msgspec")


def unpacked() -> Path:
    """The folder that holds Debian's /usr."""
    return CACHE / "root"


def program(name: str) -> str:
    """The path of one of Debian's programs."""
    for folder in ("usr/sbin", "usr/bin"):
        if (unpacked() / folder / name).exists():
            return str(unpacked() / folder / name)
    raise FileNotFoundError(f"{name}: run python -m tests.benchmarks install")


def library_path() -> dict[str, str]:
    """What the unpacked programs need to find their libraries."""
    return {"LD_LIBRARY_PATH": str(unpacked() / "usr/lib/x86_64-linux-gnu")}


def node_modules() -> Path:
    """Where the two Node peers find their packages."""
    return CACHE / "node"


def python() -> str:
    """The Python of the Starlette peer and of the forwarding clients."""
    return str(CACHE / "python" / "bin" / "python")


def install() -> None:
    """Everything that is not there yet."""
    CACHE.mkdir(parents=True, exist_ok=True)
    if not (unpacked() / "usr").exists():
        _debian()
    if not (node_modules() / "node_modules").exists():
        _node()
    if not Path(python()).exists():
        _python()


def _debian() -> None:
    folder = CACHE / "debs"
    folder.mkdir(exist_ok=True)
    _say("Debian packages: " + " ".join(DEBIAN))
    closure = subprocess.run(
        [
            "apt-cache",
            "depends",
            "--recurse",
            *(f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks")),
            *(f"--no-{kind}" for kind in ("replaces", "enhances")),
            *DEBIAN,
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\n")
    names = sorted({line for line in closure if line and line[0].isalpha()})
    missing = [name for name in names if name in DEBIAN or not _installed(name)]
    subprocess.run(
        ["apt-get", "download", "-qq", *missing], cwd=folder, check=True, stderr=subprocess.DEVNULL
    )
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(package), str(unpacked())], check=True)


def _installed(name: str) -> bool:
    return subprocess.run(["dpkg", "-s", name], capture_output=True, check=False).returncode == 0


def _node() -> None:
    _say("Node packages of fastify.mjs and express.mjs")
    node_modules().mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PEERS / name, node_modules() / name)
    subprocess.run(["npm", "ci", "--omit=dev", "--silent"], cwd=node_modules(), check=True)


def _python() -> None:
    _say("Python packages: " + " ".join((*STARLETTE, *FORWARDING)))
    subprocess.run([sys.executable, "-m", "venv", str(CACHE / "python")], check=True)
    subprocess.run(
        [python(), "-m", "pip", "install", "--quiet", *STARLETTE, *FORWARDING],
        check=True,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )


def _say(what: str) -> None:
    print(f"install: {what} …", file=sys.stderr, flush=True)
