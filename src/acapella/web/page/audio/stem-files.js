import { request } from "../server/api.js";
import { decodeSamples, readWavHeader } from "./wav.js";

const HEADER_BYTES = 65536; // tags may stand before the samples

/** The wav files of a song's stems, read in parts. */
export class StemFiles {
  /** @param {{url: string, format: import("./wav.js").WavFormat}[]} files */
  constructor(files) {
    this.files = files;
    const [{ format }] = files;
    /** What all files share. */
    this.song = { stems: files.length, channels: format.channels, length: format.samples, sampleRate: format.sampleRate };
  }

  /**
   * Read the headers.
   * @param {string[]} urls
   * @returns {Promise<StemFiles>}
   */
  static async open(urls) {
    const read = async (url) => ({ url, format: readWavHeader(await fetchBytes(url, 0, HEADER_BYTES)) });
    const files = await Promise.all(urls.map(read));
    const shape = ({ format: { channels, samples, sampleRate } }) => `${channels} ${samples} ${sampleRate}`;
    if (new Set(files.map(shape)).size > 1) throw new Error("The stems of this song differ in length. Separate it again.");
    return new StemFiles(files);
  }

  /**
   * Samples [start, end) of all stems.
   * @param {number} start
   * @param {number} end
   * @param {AbortSignal} [signal]
   * @returns {Promise<Float32Array[]>} planes: stem 0 channel 0, stem 0 channel 1, …
   */
  async read(start, end, signal) {
    const parts = this.files.map(async ({ url, format }) => {
      const from = format.dataStart + start * format.frameBytes;
      return decodeSamples(await fetchBytes(url, from, (end - start) * format.frameBytes, signal), format);
    });
    return (await Promise.all(parts)).flat();
  }
}

/** @returns {Promise<ArrayBuffer>} `count` bytes from `start` on, or fewer at the end of the file */
async function fetchBytes(url, start, count, signal) {
  const response = await request(url, { headers: { Range: `bytes=${start}-${start + count - 1}` }, signal });
  if (response.status === 206) return response.arrayBuffer();
  await response.body?.cancel();
  throw new Error("The server sends the stem as a whole only. Is there a proxy between?");
}
