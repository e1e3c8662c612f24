"""How Voila serves the dashboards: the configuration as a function, so that no stray voila.json decides."""

from __future__ import annotations

from pathlib import Path

from traitlets.config import Config

SERVING = Path(__file__).parent

# The JupyterLab extensions that our pages need; any other installed one stays out.
EXTENSIONS = ("@jupyter-widgets/jupyterlab-manager", "anywidget", "@voila-dashboards/widgets-manager8")

# Everything comes from this server: a page that asks another host for a script, a style or a font does not get it.
# Inline scripts and eval are Voila's and RequireJS's own; blob: is how anywidget loads a widget's module.
CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' blob:",
        "worker-src 'self' blob:",
        "connect-src 'self' ws: wss: blob:",
        "frame-ancestors 'self'",
        "object-src 'none'",
        "base-uri 'self'",
    )
)


def voila_config(
    root: Path,
    *,
    port: int = 8866,
    ip: str = "127.0.0.1",
    base_url: str = "/",
    n_preheated: int = 0,
    has_accounts: bool = False,
    is_secure: bool = False,
) -> Config:
    """The configuration for ``Voila.launch_instance(argv=[], config=...)``, with JUPYTER_PATH holding ``SERVING``.

    ``root`` holds the dashboards' notebooks and nothing private. With ``n_preheated`` kernels a notebook, pages open
    faster; each kernel holds memory, and Voila then takes no prelaunch_hook. With accounts a kernel is started when
    somebody asks for a page, with that person's login; ``is_secure`` says that the server speaks TLS.
    """
    config = Config()
    config.Voila.config_file_paths = []
    config.Voila.root_dir = str(root.absolute())
    config.Voila.ip = ip
    config.Voila.port = port
    config.Voila.base_url = base_url
    config.Voila.open_browser = False
    config.Voila.tornado_settings = {
        "headers": {
            "Content-Security-Policy": CONTENT_POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            **({"Strict-Transport-Security": "max-age=31536000"} if is_secure else {}),
        },
        "xsrf_cookie_kwargs": {"path": "/", "samesite": "Lax", "secure": is_secure},
    }
    if has_accounts:
        config.Voila.identity_provider_class = "apps.serving.kernels.PersonsIdentity"
        config.VoilaConfiguration.multi_kernel_manager_class = "apps.serving.kernels.PersonsKernels"
    config.VoilaConfiguration.template = "earmark"
    config.VoilaConfiguration.allow_template_override = "NO"
    config.VoilaConfiguration.allow_theme_override = "NO"
    config.VoilaConfiguration.classic_tree = True
    config.VoilaConfiguration.strip_sources = True
    config.VoilaConfiguration.show_tracebacks = False
    config.VoilaConfiguration.extension_allowlist = list(EXTENSIONS)
    # No file of the root is served: sound and pictures travel over the widgets' own messages.
    config.VoilaConfiguration.file_allowlist = [r"(?!)"]
    config.VoilaConfiguration.file_denylist = [r".*"]
    config.VoilaConfiguration.preheat_kernel = n_preheated > 0
    config.VoilaConfiguration.default_pool_size = n_preheated
    # Bots and closed tabs leave kernels behind; a kernel whose page is open is never culled.
    config.MappingKernelManager.cull_interval = 60
    config.MappingKernelManager.cull_idle_timeout = 600
    config.MappingKernelManager.cull_connected = False
    return config
