"""Pages of a browser, watched: none may say an error or ask another host."""

from urllib.parse import urlsplit

SIZES = {"desk": (1280, 800), "phone": (360, 740)}


class Pages:
    """Opens pages; `close` closes them and fails where one complained."""

    def __init__(self, browser):
        self.browser = browser
        self.contexts = []
        self.complaints = []

    def open(self, address: str, size: str = "desk", colours: str = "light", scale: int = 1):
        width, height = SIZES[size]
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=colours, device_scale_factor=scale
        )
        context.set_default_timeout(15000)
        self.contexts.append(context)
        page = context.new_page()
        self.watch(page, urlsplit(address).netloc)
        page.goto(address)
        return page

    def watch(self, page, host: str):
        complain = self.complaints.append
        page.on("console", lambda said: complain(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complain(str(error)))
        page.on("request", lambda asked: complain(asked.url) if is_foreign(asked.url, host) else None)

    def close(self):
        for context in self.contexts:
            context.close()
        assert not self.complaints, self.complaints


def is_foreign(url: str, host: str) -> bool:
    """Whether a request goes to another host; what the page made itself (data, blob) goes nowhere."""
    parts = urlsplit(url)
    return parts.scheme not in ("data", "blob") and parts.netloc != host
