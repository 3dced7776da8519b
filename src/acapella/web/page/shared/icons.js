/** The page's drawings: 20 × 20, one line width, in the colour of the text. */

const PATHS = {
  play: "M6 3.6v12.8a.6.6 0 0 0 .92.5l9.9-6.4a.6.6 0 0 0 0-1L6.92 3.1a.6.6 0 0 0-.92.5Z|fill",
  pause: "M5.5 3.5h2.6v13H5.5zM11.9 3.5h2.6v13h-2.6z|fill",
  start: "M4.5 4v12M15.5 4.5 8 10l7.5 5.5z",
  loop: "M4 9.5V9a3 3 0 0 1 3-3h8.5M13 3.2 15.8 6 13 8.8M16 10.5v.5a3 3 0 0 1-3 3H4.5M7 16.8 4.2 14 7 11.2",
  volume: "M3.5 8v4h2.7L10 15.2V4.8L6.2 8zM13 7.5a3.5 3.5 0 0 1 0 5M15.3 5.2a6.8 6.8 0 0 1 0 9.6",
  download: "M10 3.5v9M6.2 9 10 12.8 13.8 9M4 16.5h12",
  upload: "M10 13V3.8M6.2 7.5 10 3.7l3.8 3.8M4 16.5h12",
  trash: "M4 5.5h12M8 5.5V3.8h4v1.7M5.5 5.5l.7 11h7.6l.7-11M8.4 8.5l.2 5M11.6 8.5l-.2 5",
  again: "M15.8 10a5.8 5.8 0 1 1-1.8-4.2M14.4 2.8v3.4H11",
  cross: "M5 5l10 10M15 5 5 15",
  back: "M12.5 4 6.5 10l6 6",
  sun: "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM10 1.8v1.7M10 16.5v1.7M1.8 10h1.7M16.5 10h1.7M4.2 4.2l1.2 1.2M14.6 14.6l1.2 1.2M15.8 4.2l-1.2 1.2M5.4 14.6l-1.2 1.2",
  moon: "M16 12.2A6.8 6.8 0 0 1 7.8 4 6.8 6.8 0 1 0 16 12.2Z",
  auto: "M10 3.2a6.8 6.8 0 1 0 0 13.6zM10 3.2a6.8 6.8 0 0 1 0 13.6",
  keyboard: "M2.5 5.5h15v9h-15zM5.5 8.3h.01M8.5 8.3h.01M11.5 8.3h.01M14.5 8.3h.01M6.5 11.7h7",
  spectrogram: "M4 16.5v-4M7 16.5v-9M10 16.5v-6M13 16.5v-13M16 16.5v-7",
  note: "M8 14.5V4.5l7-1.5v10M8 14.5a2.2 2.2 0 1 1-4.4 0 2.2 2.2 0 0 1 4.4 0ZM15 13a2.2 2.2 0 1 1-4.4 0 2.2 2.2 0 0 1 4.4 0Z",
};

/**
 * @param {keyof PATHS} name
 * @returns {SVGElement} hidden from screen readers
 */
export function icon(name) {
  const [path, filled] = PATHS[name].split("|");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("drawing");
  if (filled) svg.classList.add("filled");
  const line = document.createElementNS(svg.namespaceURI, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}
