/** Building elements. */

/**
 * Make an element.
 * @param {string} tag with classes: "button.play.large"
 * @param {Object<string, any>} [attributes] functions become listeners (`onclick`); false and null are left out;
 *   true is an empty attribute; values of `aria-…` are written as they are
 * @param {...(Node|string|null)} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name);
  node.classList.add(...classes);
  for (const [key, value] of Object.entries(attributes)) setAttribute(node, key, value);
  node.append(...children.filter((child) => child !== null));
  return node;
}

function setAttribute(node, key, value) {
  if (typeof value === "function") node.addEventListener(key.slice(2), value);
  else if (key.startsWith("aria-") && value !== null) node.setAttribute(key, String(value));
  else if (value === true) node.setAttribute(key, "");
  else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value);
}

/** Write a text only where it changed, so that screen readers are not told twice. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * A button with a drawing. Without a text it needs a label for screen readers.
 * @param {string} icon see icons.js
 * @param {object} options
 * @param {string} options.label what it does
 * @param {string} [options.text] shown beside the drawing
 * @param {string} [options.kind] classes
 */
export function button(drawing, { label, text = "", kind = "", ...attributes }) {
  const node = element("button", { type: "button", ...attributes }, drawing, text ? element("span", {}, text) : null);
  if (kind) node.classList.add(...kind.split(" "));
  if (!text) node.classList.add("icon");
  if (label && label !== text) node.setAttribute("aria-label", label);
  if (label && !text) node.title = label;
  return node;
}

/** A modal dialog with a heading; it is removed when it closes. */
export function openDialog(heading, content, { kind = "", closable = true } = {}) {
  const title = element("h2", { id: "dialog-heading", tabindex: "-1" }, heading);
  const close = element("button.quiet", { type: "button", onclick: () => dialog.close() }, "Close");
  const head = element("header", {}, title, closable ? close : null);
  const dialog = element("dialog", { "aria-labelledby": "dialog-heading" }, head, content);
  if (kind) dialog.classList.add(kind);
  const opener = document.activeElement;
  dialog.addEventListener("click", (event) => closable && event.target === dialog && dialog.close());
  dialog.addEventListener("cancel", (event) => closable || event.preventDefault());
  dialog.addEventListener("close", () => {
    dialog.remove();
    opener?.focus?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  title.focus();
  return dialog;
}
