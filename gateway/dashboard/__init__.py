"""The page at /dashboard and everything it loads: all from this package and from the installed `plotly`, nothing from
elsewhere.
"""

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
ASSETS = Path(__file__).parent / "assets"

MEDIA_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

PLOTLY_MARK = b"plotly.min.js"
MODULES_MARK = b"<!-- the modules -->"
NO_MODULES = frozenset({"theme.js"})
STYLES_MARK = b"<!-- plotly's own style elements -->"

# Plotly carries a map library, which writes a style element of this id unless there is one already; the content
# security policy would refuse it, and the browser's console complain.
_STYLE_ID = re.compile(rb'document\.getElementById\("([0-9a-f]{64})"\)')


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is served: as it is, and compressed. `etag` names exactly this content."""

    content: bytes
    compressed: bytes
    media_type: str
    etag: str


def make_asset(content: bytes, suffix: str) -> Asset:
    """Prepare `content` once, so that serving it costs nothing."""
    etag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    return Asset(content, gzip.compress(content, 6), MEDIA_TYPES[suffix], etag)


@cache
def load_assets() -> Mapping[str, Asset]:
    """Every file of the page by name; a closed set, so that no name can lead elsewhere."""
    return {path.name: make_asset(path.read_bytes(), path.suffix) for path in sorted(ASSETS.iterdir())}


@cache
def load_page() -> Asset:
    """The page itself. It names the plotly that is installed, so that browsers may keep that file for good."""
    styles = b"".join(b'<meta name="style" id="%s">' % name for name in _STYLE_ID.findall(_plotly_path().read_bytes()))
    # Named at once, modules are fetched together, not one after the other as each names the next.
    names = sorted(name for name in load_assets() if name.endswith(".js") and name not in NO_MODULES)
    modules = "".join(f'<link rel="modulepreload" href="dashboard/assets/{name}">' for name in names).encode()
    replaced = {PLOTLY_MARK: plotly_name().encode(), STYLES_MARK: styles, MODULES_MARK: modules}
    page = PAGE.read_bytes()
    for mark, content in replaced.items():
        page = page.replace(mark, content)
    return make_asset(page, ".html")


def plotly_name() -> str:
    """The name under which this plotly is served; another version has another name."""
    return f"plotly-{version('plotly')}.min.js"


@cache
def load_plotly() -> Asset:
    """Plotly's JavaScript out of the installed package."""
    return make_asset(_plotly_path().read_bytes(), ".js")


def _plotly_path() -> Path:
    # Found without importing plotly, which takes its time.
    spec = importlib.util.find_spec("plotly")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0], "package_data", "plotly.min.js")
