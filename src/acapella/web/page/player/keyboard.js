/** The player's keys. They rest in fields that need them, and can be switched off. */
import { element, openDialog } from "../shared/dom.js";
import { remember, settings } from "../shared/settings.js";

const SEEK_SECONDS = 5;
const FINE_SECONDS = 1;
const VOLUME_STEP = 0.05;
const USES_ARROWS = "input[type=range], [role=slider]";
const TYPES = "input:not([type=range]), select, textarea, dialog *";

/** What the keys do; shown by the dialog. */
const SHORTCUTS = [
  ["Space", "Play and pause"],
  ["← →", "5 seconds back and forth; with Shift 1 second"],
  ["↑ ↓", "Volume"],
  ["Home", "To the start"],
  ["1 – 9", "Choose a stem"],
  ["M", "Mute the chosen stem"],
  ["S", "Solo the chosen stem"],
  ["L", "Loop: from here, to here, and off"],
  ["O", "Compare with the original"],
];

/**
 * Listen to keys until `signal` aborts.
 * @param {object} actions toggle, seekBy(seconds), start, changeVolume(step), choose(number), mute, solo, loop, compare
 * @param {AbortSignal} signal
 */
export function listenToKeys(actions, signal) {
  const keys = {
    ArrowLeft: ({ shiftKey }) => actions.seekBy(shiftKey ? -FINE_SECONDS : -SEEK_SECONDS),
    ArrowRight: ({ shiftKey }) => actions.seekBy(shiftKey ? FINE_SECONDS : SEEK_SECONDS),
    ArrowUp: () => actions.changeVolume(VOLUME_STEP),
    ArrowDown: () => actions.changeVolume(-VOLUME_STEP),
    Home: actions.start,
    " ": actions.toggle,
    m: actions.mute,
    s: actions.solo,
    l: actions.loop,
    o: actions.compare,
  };
  for (let digit = 1; digit <= 9; digit++) keys[digit] = () => actions.choose(digit);
  let pointed = null; // a button that was clicked keeps the focus; the space bar should play all the same
  document.addEventListener("pointerdown", ({ target }) => (pointed = target.closest("button, a, summary")), { signal });
  const isButtonByKey = ({ target, key }) => key === " " && target.closest("button, a, summary") && target.closest("button, a, summary") !== pointed;
  const handler = (event) => {
    const { target, key } = event;
    if (event.ctrlKey || event.altKey || event.metaKey || !settings().shortcuts) return null;
    if (target.closest(TYPES) || document.querySelector("dialog[open]") || isButtonByKey(event)) return null;
    if (key.startsWith("Arrow") && target.closest(USES_ARROWS)) return null;
    return keys[key.length === 1 ? key.toLowerCase() : key] ?? null;
  };
  document.addEventListener("keydown", (event) => {
    const action = handler(event);
    if (!action || (event.repeat && !event.key.startsWith("Arrow"))) return;
    event.preventDefault();
    action(event);
  }, { signal });
  document.addEventListener("keyup", (event) => event.key === " " && handler(event) && event.preventDefault(), { signal });
}

/** Show the keys, and the switch for them. */
export function openShortcuts() {
  const rows = SHORTCUTS.flatMap(([keys, text]) => [element("dt", {}, ...keys.split(" ").map((key) => element("kbd", {}, key))), element("dd", {}, text)]);
  const change = ({ target }) => remember({ shortcuts: target.checked });
  const box = element("input", { type: "checkbox", checked: settings().shortcuts, onchange: change });
  openDialog("Keyboard", element("div.content", {}, element("dl.shortcuts", {}, ...rows), element("label.check", {}, box, "Use these keys")));
}
