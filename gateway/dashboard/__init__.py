"""The page at /dashboard and its files: all from this package and the installed `plotly`, nothing from elsewhere."""

import gzip
import hashlib
import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

PAGE = Path(__file__).parent / "page.html"
LOGIN = Path(__file__).parent / "login.html"
ASSETS = Path(__file__).parent / "assets"

MEDIA_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

PLOTLY_MARK = b"plotly.min.js"
MODULES_MARK = b"<!-- the modules -->"
SIGN_ON_MARK = "<!-- the single sign-on -->"
SAID_MARK = "<!-- why not -->"
NO_MODULES = frozenset({"theme.js", "login.js"})

LOGIN_ASSETS = frozenset({"login.js", "dom.js", "login.css", "style.css", "theme.js", "icon.svg"})
"""What the login page loads, before anybody is logged in."""

STYLES_MARK = b"<!-- plotly's own style elements -->"

# Plotly contains a map library that adds a style element of this id unless there is one. The content security policy
# would refuse that, and the browser's console would show an error.
_STYLE_ID = re.compile(rb'document\.getElementById\("([0-9a-f]{64})"\)')


@dataclass(frozen=True, slots=True)
class Asset:
    """A file to serve, plain and compressed. `etag` identifies exactly this content."""

    content: bytes
    compressed: bytes
    media_type: str
    etag: str


def make_asset(content: bytes, suffix: str) -> Asset:
    """Compress and hash `content` once, not for every request."""
    etag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    return Asset(content, gzip.compress(content, 6), MEDIA_TYPES[suffix], etag)


@cache
def load_assets() -> Mapping[str, Asset]:
    """All files of the page by name: a closed set, so that no name can lead to another file."""
    return {path.name: make_asset(path.read_bytes(), path.suffix) for path in sorted(ASSETS.iterdir())}


@cache
def load_page() -> Asset:
    """The page itself. It names the installed plotly's version, so that browsers may cache that file for ever."""
    styles = b"".join(b'<meta name="style" id="%s">' % name for name in _STYLE_ID.findall(_plotly_path().read_bytes()))
    # Preload all modules, so that they are fetched together and not one after the other as each imports the next.
    names = sorted(name for name in load_assets() if name.endswith(".js") and name not in NO_MODULES)
    modules = "".join(f'<link rel="modulepreload" href="dashboard/assets/{name}">' for name in names).encode()
    replaced = {PLOTLY_MARK: plotly_name().encode(), STYLES_MARK: styles, MODULES_MARK: modules}
    page = PAGE.read_bytes()
    for mark, content in replaced.items():
        page = page.replace(mark, content)
    return make_asset(page, ".html")


def load_login_page(sign_on: str | None, said: str) -> str:
    """The login page.

    Parameters
    ----------
    sign_on : str or None
        What its button calls the single sign-on, as HTML; None for no such button.
    said : str
        Why the visitor is not logged in, as HTML; empty for none.
    """
    button = f'<p class="or">or</p><a class="button" href="login/oidc">Sign in with {sign_on}</a>' if sign_on else ""
    return LOGIN.read_text("utf-8").replace(SIGN_ON_MARK, button).replace(SAID_MARK, said)


def plotly_name() -> str:
    """The file name under which plotly is served, with its version."""
    return f"plotly-{version('plotly')}.min.js"


@cache
def load_plotly() -> Asset:
    """Plotly's JavaScript from the installed package."""
    return make_asset(_plotly_path().read_bytes(), ".js")


def _plotly_path() -> Path:
    # Without importing plotly, which is slow.
    spec = importlib.util.find_spec("plotly")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0], "package_data", "plotly.min.js")
