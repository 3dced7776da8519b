/** Drawing spectrograms: a level per column and band, in the stem's colour. */
import { api } from "../server/api.js";
import { themeColour } from "./canvas.js";

const FLOOR = 60; // levels below are background: 255 levels are 90 dB

/**
 * @param {string} id song
 * @param {string} stem
 * @param {AbortSignal} signal
 * @returns {Promise<{levels: Uint8Array, columns: number, bands: number, topHz: number}>} column after column, lowest band first
 */
export async function loadSpectrogram(id, stem, signal) {
  const response = await api.spectrogram(id, stem, signal);
  const header = (name) => Number(response.headers.get(name));
  const levels = new Uint8Array(await response.arrayBuffer());
  return { levels, columns: header("X-Columns"), bands: header("X-Bands"), topHz: header("X-Top-Hz") };
}

/** 256 colours from the background over the stem's colour to the ink. */
function palette(node) {
  const [ground, middle, top] = ["--well", "--stem", "--ink"].map((name) => themeColour(node, name));
  const between = (a, b, part) => a.map((value, i) => value + (b[i] - value) * part);
  return Array.from({ length: 256 }, (_, level) => {
    const part = Math.max(0, (level - FLOOR) / (255 - FLOOR));
    return part < 0.6 ? between(ground, middle, part / 0.6) : between(middle, top, (part - 0.6) / 0.4);
  });
}

/** @param {CanvasRenderingContext2D} context @param {Element} node carries the colours */
export function drawSpectrogram(context, width, height, { levels, columns, bands }, node) {
  const colours = palette(node);
  const image = new ImageData(columns, bands);
  for (let column = 0; column < columns; column++) {
    for (let band = 0; band < bands; band++) {
      const at = 4 * ((bands - 1 - band) * columns + column);
      image.data.set(colours[levels[column * bands + band]], at);
      image.data[at + 3] = 255;
    }
  }
  const small = new OffscreenCanvas(columns, bands);
  small.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingQuality = "high";
  context.drawImage(small, 0, 0, width, height);
}
