"""JupyterLab of one researcher under the Hub, with Earmark's notebooks and dashboards in the person's own folder."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
EXTENSIONS = '["@jupyter-widgets/jupyterlab-manager", "anywidget", "@voila-dashboards/widgets-manager8"]'


def lay_out(folder: Path) -> None:
    """Put what is missing of notebooks and dashboards there; what the person changed stays."""
    for name in ("notebooks", "apps"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for source in sorted((ROOT / name).glob("*.ipynb")):
            target = folder / name / source.name
            if not target.exists():
                shutil.copyfile(source, target)


def main() -> None:
    """Become the server."""
    folder = Path.home() / "earmark"
    lay_out(folder)
    os.chdir(folder)
    command = [
        *(sys.executable, "-m", "jupyterhub.singleuser"),
        f"--ServerApp.root_dir={folder}",
        "--VoilaConfiguration.template=earmark",
        "--VoilaConfiguration.allow_template_override=NO",
        "--VoilaConfiguration.show_tracebacks=False",
        f"--VoilaConfiguration.extension_allowlist={EXTENSIONS}",
        *(["--allow-root"] if os.geteuid() == 0 else []),
    ]
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
