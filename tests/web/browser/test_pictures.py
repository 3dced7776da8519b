"""Pictures of the page for the README. They are made where ACAPELLA_PICTURES names a folder."""

import os
from pathlib import Path

import pytest

PICTURES = {"page-light": ("desk", "light", 1), "page-dark": ("desk", "dark", 1), "page-phone": ("phone", "light", 2)}


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.skipif("ACAPELLA_PICTURES" not in os.environ, reason="ACAPELLA_PICTURES names no folder for pictures")
def test_picture(pages, server, song, name):
    size, colours, scale = PICTURES[name]
    page = pages.open(f"{server}/#/songs/{song['id']}", size, colours, scale)
    page.wait_for_selector(".player")
    page.locator(".wave").first.click(position={"x": 150, "y": 20})
    if size == "desk":
        page.evaluate("document.querySelector('.scale').scrollIntoView()")
        scale_box = page.locator(".scale").bounding_box()
        page.mouse.move(scale_box["x"] + 0.3 * scale_box["width"], scale_box["y"] + 5)
        page.mouse.down()
        page.mouse.move(scale_box["x"] + 0.62 * scale_box["width"], scale_box["y"] + 5, steps=3)
        page.mouse.up()
        page.locator(".wave").first.click(position={"x": 310, "y": 20})
    if name == "page-dark":
        page.get_by_role("button", name="Spectrogram of Vocals").click()
        page.locator(".top-hz", has_text="kHz").wait_for()
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(5, 5)
    page.wait_for_timeout(400)
    page.screenshot(path=Path(os.environ["ACAPELLA_PICTURES"]) / f"{name}.png")
