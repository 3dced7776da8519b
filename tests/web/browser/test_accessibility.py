"""The page for people who do not see it, do not use a mouse, or need contrast."""

from pathlib import Path

import pytest
from tests.web.browser.pages import SIZES

CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
UNNAMED = """() => [...document.querySelectorAll('button, a, input, summary, [role=slider], dialog')]
  .filter((node) => node.checkVisibility())
  .filter((node) => !(node.getAttribute('aria-label') || document.getElementById(node.getAttribute('aria-labelledby'))
    || node.labels?.length || node.textContent.trim()))
  .map((node) => node.outerHTML)"""
FOCUSED = """() => {
  const node = document.activeElement;
  const seen = node.getBoundingClientRect().width > 0 && getComputedStyle(node).outlineStyle;
  return [node.getAttribute('aria-label') || node.textContent.trim(), seen];
}"""


def open_song(pages, server, song, size="desk", colours="light"):
    page = pages.open(f"{server}/#/songs/{song['id']}", size, colours)
    page.wait_for_selector(".player canvas")
    page.wait_for_function("document.querySelector('.wave canvas').width > 300 || innerWidth < 400")
    return page


def views(page):
    """The open song, then each dialog."""
    yield "song"
    for name in ("Download", "Another model", "Delete", "Keyboard shortcuts"):
        opener = page.locator(".player").get_by_role("button", name=name)
        if opener.is_visible():
            opener.click()
            page.get_by_role("dialog").wait_for()
            yield name
            page.keyboard.press("Escape")
            page.get_by_role("dialog").wait_for(state="detached")


@pytest.mark.parametrize(("size", "colours"), [("desk", "light"), ("phone", "dark")])
def test_names_contrast_and_width(pages, server, song, size, colours):
    page = open_song(pages, server, song, size, colours)
    for view in views(page):
        assert page.evaluate(UNNAMED) == [], view
        assert page.evaluate(CONTRAST) == [], view
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0], view


@pytest.mark.parametrize(("size", "colours"), [("desk", "dark"), ("phone", "light")])
def test_axe_finds_nothing(pages, server, song, size, colours):
    axe = pytest.importorskip("axe_playwright_python", reason="axe-core (axe-playwright-python) is not installed")
    page = open_song(pages, server, song, size, colours)
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text())
    for view in views(page):
        found = page.evaluate("async () => (await axe.run()).violations.map((one) => [one.id, one.nodes[0].html])")
        assert found == [], view


def test_the_keyboard_reaches_everything_in_order(pages, server, song):
    page = open_song(pages, server, song)
    order = []
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break  # once around
        name, outline = page.evaluate(FOCUSED)
        assert outline not in (False, "none"), f"{name}: the focus is not seen"
        order.append(name)
    wanted = ["Choose files", "Download", "Another model", "Delete", "From karaoke to a cappella", "Position"]
    wanted += ["Mute Vocals", "Solo Vocals", "Spectrogram of Vocals", "Volume of Vocals", "Mute Instrumental"]
    wanted += ["To the start", "Play", "Loop from here", "Speed", "Volume", "Keyboard shortcuts"]
    places = [order.index(name) for name in wanted]
    assert places == sorted(places)


def test_a_dialog_gives_the_focus_back(pages, server, song):
    page = open_song(pages, server, song)
    page.get_by_role("button", name="Download").focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog", name="Download").wait_for()
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    assert page.evaluate(FOCUSED)[0] == "Download"


def test_what_happens_is_said(pages, server, song):
    page = open_song(pages, server, song)
    page.get_by_role("slider", name="Position").focus()
    page.keyboard.press("PageUp")
    position = page.get_by_role("slider", name="Position")
    assert position.get_attribute("aria-valuetext") == "10 seconds of 15 seconds"
    page.keyboard.press("1")
    page.keyboard.press("m")
    assert page.locator("#live").inner_text() == "Vocals muted"
    page.keyboard.press("l")
    assert page.locator("#live").inner_text() == "Loop From 0:10.0, to …"
    page.keyboard.press("o")
    assert page.locator("#live").inner_text() == "Original"
