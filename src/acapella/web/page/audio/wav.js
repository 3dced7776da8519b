/**
 * Reading wav files in parts: 16 and 24 bit integers and 32 bit floats; RIFF and RF64.
 *
 * @typedef {object} WavFormat
 * @property {number} channels
 * @property {number} sampleRate Hz
 * @property {number} bits of a sample
 * @property {boolean} float
 * @property {number} dataStart byte at which the samples start
 * @property {number} frameBytes bytes of one sample of all channels
 * @property {number} samples in each channel
 */

const FLOAT = 3;
const EXTENSIBLE = 0xfffe;

/**
 * Read the header of a wav file.
 * @param {ArrayBuffer} buffer the beginning of the file, up to the samples at least
 * @returns {WavFormat}
 */
export function readWavHeader(buffer) {
  const view = new DataView(buffer);
  const name = (at) => String.fromCharCode(...new Uint8Array(buffer, at, 4));
  if (buffer.byteLength < 12 || !["RIFF", "RF64"].includes(name(0)) || name(8) !== "WAVE") {
    throw new Error("This stem is no wav file.");
  }
  let format = null;
  let longSize = null;
  for (let at = 12; at + 8 <= buffer.byteLength; ) {
    const size = view.getUint32(at + 4, true);
    if (name(at) === "ds64") longSize = Number(view.getBigUint64(at + 16, true));
    if (name(at) === "fmt ") format = readFormat(view, at + 8);
    if (name(at) === "data" && format) {
      const bytes = size === 0xffffffff && longSize !== null ? longSize : size;
      return { ...format, dataStart: at + 8, samples: Math.floor(bytes / format.frameBytes) };
    }
    at += 8 + size + (size % 2);
  }
  throw new Error("The samples of this wav file were not found.");
}

/** @param {DataView} view */
function readFormat(view, at) {
  const tag = view.getUint16(at, true);
  const channels = view.getUint16(at + 2, true);
  const bits = view.getUint16(at + 14, true);
  const float = (tag === EXTENSIBLE ? view.getUint16(at + 24, true) : tag) === FLOAT;
  return { channels, bits, float, sampleRate: view.getUint32(at + 4, true), frameBytes: (channels * bits) / 8 };
}

/** How a sample becomes a number in [−1, 1]: by bits, and "f" for floats. */
const READERS = {
  16: (view, at) => view.getInt16(at, true) / 0x8000,
  24: (view, at) => (view.getUint8(at) | (view.getInt16(at + 1, true) << 8)) / 0x800000,
  "32f": (view, at) => view.getFloat32(at, true),
};

/**
 * Decode interleaved samples.
 * @param {ArrayBuffer} buffer whole frames
 * @param {WavFormat} format
 * @returns {Float32Array[]} one array for each channel
 */
export function decodeSamples(buffer, { channels, bits, float, frameBytes }) {
  const read = READERS[float ? `${bits}f` : bits];
  if (!read) throw new Error(`Wav files of ${bits} bits cannot be played here; download the stem instead.`);
  const view = new DataView(buffer);
  const length = Math.floor(buffer.byteLength / frameBytes);
  return Array.from({ length: channels }, (_, channel) => {
    const plane = new Float32Array(length);
    let at = (channel * bits) / 8;
    for (let i = 0; i < length; i++, at += frameBytes) plane[i] = read(view, at);
    return plane;
  });
}
