/** Telling people what happened: a line for screen readers, and messages for everybody. */
import { button, element } from "./dom.js";
import { icon } from "./icons.js";

const VISIBLE_MILLISECONDS = 12000;

/** Say something to screen readers. */
export function announce(text) {
  document.getElementById("live").textContent = text;
}

/** Show a sentence about something that failed; it goes after a while, by its button, or when the caller removes it. */
export function showProblem(sentence) {
  const place = document.getElementById("messages");
  const old = [...place.children].find((child) => child.firstChild.textContent === sentence);
  old?.remove();
  const close = button(icon("cross"), { label: "Dismiss", kind: "quiet", onclick: () => message.remove() });
  const message = element("div.message", {}, element("p", {}, sentence), close);
  place.append(message);
  setTimeout(() => message.remove(), VISIBLE_MILLISECONDS);
  return message;
}

/** Run an action of the user; where it fails say why. */
export async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    if (error.name !== "AbortError") showProblem(error.message);
    return undefined;
  }
}
