"""The page in a real browser: what a person sees, light and dark, on a desk and on a phone."""

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from mlci.render import html
from tests.support.reports import bad

pytestmark = pytest.mark.slow
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    if CHROMIUM is None:
        pytest.skip("needs Chromium")
    file = tmp_path / "report.html"
    file.write_text(html.render(bad()), "utf-8")
    return file


def browse(page: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    assert CHROMIUM is not None
    profile = page.parent / "profile"
    return subprocess.run(
        [CHROMIUM, *QUIET, f"--user-data-dir={profile}", *arguments, page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


def size(png: Path) -> tuple[int, int]:
    width, height = struct.unpack(">II", png.read_bytes()[16:24])
    return width, height


def test_the_browser_builds_what_we_wrote(page: Path) -> None:
    built = browse(page, "--dump-dom").stdout
    assert "Do not merge" in built
    assert built.count('class="interval"') == 2
    assert built.count("<details") == built.count("</details>") == 1


@pytest.mark.parametrize("width", [390, 1000])
def test_it_is_drawn_in_both_schemes_at_both_widths(page: Path, width: int) -> None:
    drawn = []
    for scheme in ("1", "0"):  # light, dark
        picture = page.parent / f"{scheme}.png"
        dark = f"--blink-settings=preferredColorScheme={scheme}"
        browse(page, dark, f"--window-size={width},900", f"--screenshot={picture}")
        assert size(picture) == (width, 900)
        drawn.append(picture.read_bytes())
    # A page that could not be drawn is one colour and compresses to almost nothing.
    assert all(len(each) > 10_000 for each in drawn)
    assert drawn[0] != drawn[1]
