"""A person with a keyboard and no mouse: what they hold, what they can reach, and whether they see where they are."""

from __future__ import annotations

from playwright.sync_api import Page, expect

NO_MOUSE = "addEventListener('pointerdown', () => console.error('a mouse was used'), true)"
HELD = """() => {
  const at = document.activeElement, box = at.getBoundingClientRect(), look = getComputedStyle(at);
  const label = (at.labels && at.labels[0] && at.labels[0].innerText) || at.getAttribute("aria-label") || at.innerText || "";
  const chosen = at.tagName === "SELECT" && at.selectedOptions[0] ? at.selectedOptions[0].text.trim() : "";
  const typed = at.matches("input:not([type=checkbox]), textarea") ? at.value : "";
  return {
    name: label.trim().replace(/\\s+/g, " "), value: chosen || typed, tag: at.tagName,
    ring: look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 2,
    shown: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}"""
MOST_TABS = 90


class Keyboard:
    """The one way by which a test acts on a page. A press of the mouse, from wherever, fails the test."""

    def __init__(self, page: Page) -> None:
        page.add_init_script(NO_MOUSE)
        self._page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self._page.keyboard.press(key)

    def type(self, text: str) -> None:
        self._page.keyboard.type(text)

    def tab_to(self, name: str) -> None:
        """Press Tab until the control of that name is held; each control on the way has to be seen to be held."""
        passed = []
        for _ in range(MOST_TABS):
            self.press("Tab")
            held = self.held()
            passed.append(held["name"])
            if held["tag"] != "BODY":
                assert held["ring"], f"“{held['name']}” does not show that it is held"
                # the page glides to what is held
                self._page.wait_for_function(f"() => ({HELD})().shown", timeout=2000)
            if held["name"].startswith(name):
                return
        raise AssertionError(f"no way to “{name}” by Tab: {passed}")

    def choose(self, text: str) -> None:
        """Go down the held list with the arrow keys until `text` is chosen."""
        self.press("Home")
        for _ in range(1500):
            if self.held()["value"] == text:
                return
            self.press("ArrowDown")
        raise AssertionError(f"“{text}” is not in the list “{self.held()['name']}”")

    def holds(self, name: str) -> None:
        """Wait until the control of that name is held."""
        self._page.wait_for_function(f"name => ({HELD})().name.startsWith(name)", arg=name, timeout=5000)

    def settles(self) -> None:
        """Wait until the page has read what its macros stand for; a person types slower than it comes."""
        self._page.wait_for_load_state("networkidle")

    def held(self) -> dict[str, str]:
        found: dict[str, str] = self._page.evaluate(HELD)
        return found

    def reads(self, text: str) -> None:
        """Wait until the page says so."""
        expect(self._page.get_by_text(text).locator("visible=true").first).to_be_visible()
