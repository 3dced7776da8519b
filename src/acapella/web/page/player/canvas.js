/** Canvases at the resolution of the device. */

/**
 * A canvas that is drawn again when its size, the device's resolution or the theme changes.
 * @param {(context: CanvasRenderingContext2D, width: number, height: number) => void} draw in pixels of the device
 * @returns {{node: HTMLCanvasElement, redraw: () => void, close: () => void}}
 */
export function sharpCanvas(draw) {
  const node = document.createElement("canvas");
  node.setAttribute("aria-hidden", "true");
  const redraw = () => {
    const width = Math.round(node.clientWidth * devicePixelRatio);
    const height = Math.round(node.clientHeight * devicePixelRatio);
    if (!width || !height) return;
    Object.assign(node, { width, height });
    draw(node.getContext("2d"), width, height);
  };
  const observer = new ResizeObserver(redraw);
  observer.observe(node);
  document.addEventListener("theme", redraw);
  const close = () => {
    observer.disconnect();
    document.removeEventListener("theme", redraw);
  };
  return { node, redraw, close };
}

/** A colour of the theme as [red, green, blue], 0 to 255. @param {Element} node @param {string} name of a CSS variable */
export function themeColour(node, name) {
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const holder = node.appendChild(document.createElement("span"));
  holder.style.color = `var(${name})`;
  probe.fillStyle = getComputedStyle(holder).color;
  holder.remove();
  probe.fillRect(0, 0, 1, 1);
  return [...probe.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}
