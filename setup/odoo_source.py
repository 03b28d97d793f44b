"""Where Odoo 19 comes from: the user's own (``ODOO_HOME``), or Debian's package unpacked into ``.local/odoo``.

Debian packages Odoo 19 in its *sid* suite only. The package is architecture-independent Python, so it is downloaded and
unpacked rather than installed: its dependencies are sid's, ours come from PyPI. Apt checks the signatures as ever; the
sources list and the package lists are private, so that the machine's own stay as they are.
"""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from .paths import LOCAL, ODOO
from .shell import SetupError, digest, read_stamp, run, say, stamp, succeeds

SERIES = "19.0"
PACKAGE = "odoo-19"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# Debian replaced some of Odoo's web assets by links into these packages. Their releases matter: sid's Font Awesome, for
# one, no longer has the files that the links name.
ASSET_PACKAGES = {
    "libjs-jquery": "bookworm",
    "libjs-jquery-form": "bookworm",
    "libjs-underscore": "bookworm",
    "fonts-font-awesome": "bookworm",
    "fonts-roboto-unhinted": "bookworm",
    "fonts-inconsolata": "bookworm",
    "fonts-ocr-b": "bookworm",
    "fonts-montserrat": "sid",
}
# Left out by Debian (a video-call effect); the web client's bundle still names it.
MISSING_ASSET = "odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"

TODO = (
    "Set ODOO_HOME to an Odoo 19 that you have: a source checkout (the folder with odoo-bin) or an installed package "
    "(the folder that holds odoo/, such as site-packages). With apt on another system than Debian, set DEBIAN_MIRROR "
    "to the address of a Debian mirror and install debian-archive-keyring."
)


@dataclass(frozen=True)
class OdooSource:
    """An Odoo on disk.

    :param Path python_root: folder to put on Python's path; holds nothing importable but ``odoo``
    :param tuple[Path] addons: folders of Odoo's own addons
    :param str version: exact version, for the keys of templates
    """

    python_root: Path
    addons: tuple
    version: str


def find():
    """Return the :class:`OdooSource` to use, fetching Debian's package when the user names none."""
    home = os.environ.get("ODOO_HOME")
    if home:
        return from_home(Path(home).expanduser().resolve())
    return _from_debian()


def from_home(home):
    """Return the source for a checkout or an installed package.

    ``odoo`` is linked into a folder of its own, because what lies beside it (``setup``, ``addons``, other packages)
    must not be importable.

    :param Path home: folder that holds ``odoo/``
    :raises SetupError: there is no Odoo 19 in ``home``
    """
    package = home / "odoo"
    if not (package / "release.py").is_file():
        raise SetupError(f"ODOO_HOME={home} holds no Odoo: there is no odoo/release.py in it.", TODO)
    version = read_version(package)
    if not version.startswith(SERIES):
        raise SetupError(f"ODOO_HOME={home} holds Odoo {version}; the suite needs {SERIES}.", TODO)
    python_root = LOCAL / "odoo-path"
    python_root.mkdir(parents=True, exist_ok=True)
    link = python_root / "odoo"
    if not link.is_symlink() or link.resolve() != package:
        link.unlink(missing_ok=True)
        link.symlink_to(package)
    addons = tuple(path for path in (package / "addons", home / "addons") if path.is_dir())
    return OdooSource(python_root, addons, f"{version} {home} {_revision(home)}")


def _revision(home):
    """Return what tells one state of the user's Odoo from the next: its commit, or its release file."""
    git = ["git", "-C", str(home), "rev-parse", "HEAD"]
    return run(git, capture=True).strip() if succeeds(git) else digest(home / "odoo" / "release.py")


def read_version(package):
    """Return the version that ``odoo/release.py`` declares, such as ``19.0``."""
    text = (package / "release.py").read_text()
    found = re.search(r"^version_info = \((\d+), (\d+)", text, re.MULTILINE)
    return f"{found[1]}.{found[2]}" if found else "unknown"


def _from_debian():
    root = ODOO / "usr/lib/python3/dist-packages"
    if not read_stamp("odoo") or not (root / "odoo").is_dir():
        stamp("odoo", _download_and_unpack(root))
    return OdooSource(root, (root / "odoo/addons",), f"debian {read_stamp('odoo')}")


def _download_and_unpack(root):
    """Fill ``.local/odoo`` and return the version of the package, such as ``19.0.0+dfsg-1``."""
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise SetupError("Odoo 19 is not here, and this machine has no apt to get it with.", TODO)
    apt = LOCAL / "apt"
    shutil.rmtree(apt, ignore_errors=True)
    for folder in ("lists/partial", "cache/archives/partial", "packages"):
        (apt / folder).mkdir(parents=True)
    _write_sources(apt / "sources.list")
    options = [
        f"Dir::State::Lists={apt / 'lists'}",
        f"Dir::Cache={apt / 'cache'}",
        f"Dir::Etc::SourceList={apt / 'sources.list'}",
        "Dir::Etc::SourceParts=-",
        "Acquire::Languages=none",
        "Acquire::Retries=3",
    ]
    if os.getuid() == 0:
        options.append("APT::Sandbox::User=root")  # the checkout may lie where apt's own account cannot write
    apt_get = ["apt-get", "-q", *(part for option in options for part in ("-o", option))]
    say("Downloading Odoo 19 from Debian (130 MB)")
    failure = "Debian's package of Odoo 19 could not be downloaded."
    run([*apt_get, "update"], capture=True, failure=failure, todo=TODO)
    packages = [f"{PACKAGE}/sid", *(f"{name}/{suite}" for name, suite in ASSET_PACKAGES.items())]
    run([*apt_get, "download", *packages], cwd=apt / "packages", capture=True, failure=failure, todo=TODO)
    say("Unpacking Odoo 19")
    shutil.rmtree(ODOO, ignore_errors=True)
    for package in sorted((apt / "packages").glob("*.deb")):
        run(["dpkg", "-x", package, ODOO], capture=True)
    for path in root.iterdir():
        if path.name != "odoo":
            # `addons`, `setup` and `doc` would shadow ours. The egg-info asks for packages that there are better ones
            # for (psycopg2 compiled here, PyPDF2); the virtual environment declares Odoo's version itself.
            shutil.rmtree(path)
    missing = root / MISSING_ASSET
    missing.parent.mkdir(parents=True, exist_ok=True)
    missing.touch()
    version = next((apt / "packages").glob(f"{PACKAGE}_*.deb")).name.split("_")[1]
    shutil.rmtree(apt)
    return version


def _write_sources(path):
    """Write the private sources list, with the mirror that the machine's own apt uses."""
    mirror = os.environ.get("DEBIAN_MIRROR") or _debian_mirror()
    if not mirror:
        raise SetupError("The sources of this machine's apt name no Debian mirror, which is where Odoo 19 is.", TODO)
    if not KEYRING.exists():
        raise SetupError(f"There is no {KEYRING} to check Debian's signatures with.", "Install debian-archive-keyring.")
    suites = sorted({"sid", *ASSET_PACKAGES.values()})
    path.write_text("".join(f"deb [signed-by={KEYRING}] {mirror} {suite} main\n" for suite in suites))


def _debian_mirror():
    """Return the address of the Debian mirror in apt's configuration, or None."""
    arguments = ["--format", "$(REPO_URI)|$(ORIGIN)|$(LABEL)", "Created-By: Packages"]
    known = run(["apt-get", "indextargets", *arguments], capture=True)
    folder = Path("/etc/apt")
    files = [
        folder / "sources.list",
        *sorted(folder.glob("sources.list.d/*.list")),
        *sorted(folder.glob("*.d/*.sources")),
    ]
    texts = [path.read_text() for path in files if path.is_file()]
    return pick_mirror(known) or pick_mirror_by_address("\n".join(texts))


def pick_mirror(targets):
    """Return the first Debian archive among apt's index targets, or None. They are empty before the first update.

    :param str targets: lines ``address|origin|label``
    """
    rows = [line.split("|") for line in targets.splitlines() if line.count("|") == 2]
    return next((uri for uri, *names in rows if names == ["Debian", "Debian"]), None)


def pick_mirror_by_address(sources):
    """Return the first address that looks like a Debian archive's: its end is ``/debian``, not ``/debian-security``.

    :param str sources: text of sources lists, of the one-line or the newer format
    """
    lines = [line.split("#")[0] for line in sources.splitlines()]
    words = [word for line in lines if re.match(r"\s*(deb|URIs:)\s", line) for word in line.split()]
    return next((word for word in words if "://" in word and word.rstrip("/").endswith("/debian")), None)
