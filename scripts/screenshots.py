"""Pictures of mails for the documentation, as Chromium shows them: `make screenshots`.

Each is made of what a built-in template says of the sample, on a light screen, on a dark one and on a phone.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src")]
PICTURES = ROOT / "docs" / "pictures"
CHROMIUM = "/usr/bin/chromium"
SHOWN = {"mail-to-analyst": 1002, "mail-to-approver": 4001}
SCREENS = {"light": (620, "light"), "dark": (620, "dark"), "phone": (360, "light")}
FRAME = """<!doctype html><style>
body { margin: 0; padding: 16px; display: flex; gap: 16px; align-items: flex-start; width: max-content;
       background: #dfe4ea }
img { display: block; border-radius: 10px }
</style>"""


def main() -> None:
    """Make them all anew."""
    os.environ |= {"DJANGO_SETTINGS_MODULE": "mailcall.settings", "MAILCALL_DATA_DIR": tempfile.mkdtemp()}
    import django
    from playwright.sync_api import sync_playwright

    django.setup()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for name, code in SHOWN.items():
            _picture(browser, name, _html(code))
            print(PICTURES / f"{name}.png")
        browser.close()


def _html(code: int) -> str:
    from mailcall.outbound.message_types import TYPES
    from mailcall.outbound.templating.data import sample_of
    from mailcall.outbound.templating.filling import fill_builtin

    kind = TYPES[code]
    return fill_builtin(kind, "en", sample_of(kind)).html


def _picture(browser: Any, name: str, html: str) -> None:
    """The mail on each screen, side by side in one picture."""
    with tempfile.TemporaryDirectory() as folder:
        for screen, (width, scheme) in SCREENS.items():
            page = browser.new_page(viewport={"width": width, "height": 200}, color_scheme=scheme)
            page.set_content(html)
            page.screenshot(path=f"{folder}/{screen}.png", full_page=True)
            page.close()
        frame = Path(folder, "all.html")
        frame.write_text(FRAME + "".join(f'<img src="{screen}.png">' for screen in SCREENS), "utf-8")
        page = browser.new_page(viewport={"width": 1700, "height": 200})
        page.goto(frame.as_uri())
        page.locator("body").screenshot(path=PICTURES / f"{name}.png")
        page.close()


if __name__ == "__main__":
    main()
