"""Where things are: the repository's own folders, and `.local/`, which holds all that the set-up makes."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ADDONS = ROOT / "addons"
LOCAL = ROOT / ".local"

VENV = LOCAL / "venv"
PYTHON = VENV / "bin" / "python"
ODOO = LOCAL / "odoo"
RUN = LOCAL / "run"
DATA_DIR = LOCAL / "data"
STAMPS = LOCAL / "stamps"
