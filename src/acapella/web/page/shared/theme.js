/** Light, dark, or as the system says. */
import { button } from "./dom.js";
import { icon } from "./icons.js";
import { remember, settings } from "./settings.js";

const NEXT = { auto: "light", light: "dark", dark: "auto" };
const ICONS = { auto: "auto", light: "sun", dark: "moon" };
const NAMES = { auto: "as the system", light: "light", dark: "dark" };

/** The button that goes through the themes. Listeners of "theme" on `document` are told. */
export function themeButton() {
  const node = button(icon("auto"), { label: "Colours", kind: "quiet", onclick: () => show(NEXT[settings().theme]) });
  function show(theme) {
    remember({ theme });
    document.documentElement.dataset.theme = theme;
    node.replaceChildren(icon(ICONS[theme]));
    node.title = `Colours: ${NAMES[theme]}`;
    node.setAttribute("aria-label", node.title);
    document.dispatchEvent(new Event("theme"));
  }
  show(settings().theme);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new Event("theme")));
  return node;
}
