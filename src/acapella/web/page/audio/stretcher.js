/**
 * Time stretching by waveform-similarity overlap-add (WSOLA; Verhelst and Roelands, ICASSP 1993).
 *
 * The sum of the stems is cut into segments of two hops under a Hann window and added at every hop. At speed 1 a segment
 * starts where the last one would go on, and because the windows sum to 1 the output is the input. At another speed it
 * starts near the place that the speed asks for, where it resembles most what would have come next. The choice is
 * made on the sum and the sum is what is stretched: stems cannot come apart. Changes of gain, seeks and loops need no
 * fades of their own; the windows are the fade.
 */

const HOP_SECONDS = 0.03;
const TOLERANCE_SECONDS = 0.0125; // half a period of 40 Hz: the lowest notes can be aligned
const COARSE = 4; // the search looks at every fourth sample first

export class Stretcher {
  /**
   * @param {import("./block-mixer.js").BlockMixer} mixer
   * @param {number} sampleRate Hz
   */
  constructor(mixer, sampleRate) {
    this.mixer = mixer;
    /** Samples between two segments of the output. */
    this.hop = Math.round((HOP_SECONDS * sampleRate) / COARSE) * COARSE;
    /** How far, in samples, a segment may start from the place that the speed asks for. */
    this.tolerance = Math.round((TOLERANCE_SECONDS * sampleRate) / COARSE) * COARSE;
    const planes = (length) => Array.from({ length: mixer.channels }, () => new Float32Array(length));
    this.segment = planes(2 * this.hop);
    this.tail = planes(this.hop);
    this.candidates = planes(this.hop + 2 * this.tolerance);
    this.window = Float32Array.from({ length: 2 * this.hop }, (_, i) => Math.sin((Math.PI * (i + 0.5)) / (2 * this.hop)) ** 2);
    /** What would come next if the last segment went on: one channel. */
    this.continuation = new Float32Array(this.hop);
  }

  /** Whether the samples for a segment at `start` are here, wherever the search puts it. */
  canRead(start) {
    return this.mixer.has(start - this.tolerance, start + 2 * this.hop + this.tolerance);
  }

  /**
   * Write the next hop.
   * @param {number} start where the segment should start
   * @param {boolean} align whether it may be moved to fit what was played before
   * @param {Float32Array[]} out hop samples for each channel
   * @returns {number} where it starts
   */
  next(start, align, out) {
    const from = align ? start + this.#findOffset(start) : start;
    this.mixer.mix(from, this.segment);
    const { hop, window } = this;
    this.continuation.fill(0);
    this.segment.forEach((segment, channel) => {
      const tail = this.tail[channel];
      for (let i = 0; i < hop; i++) {
        out[channel][i] = tail[i] + window[i] * segment[i];
        tail[i] = window[hop + i] * segment[hop + i];
        this.continuation[i] += segment[hop + i];
      }
    });
    return from;
  }

  /** Write what is left of the last segment: a fade to silence. */
  finish(out) {
    this.tail.forEach((tail, channel) => {
      out[channel].set(tail);
      tail.fill(0);
    });
  }

  /** The offset in [−tolerance, tolerance] at which the sum is most like the continuation. */
  #findOffset(start) {
    const { hop, tolerance } = this;
    this.mixer.mix(start - tolerance, this.candidates);
    const sum = this.candidates[0];
    for (const plane of this.candidates.slice(1)) for (let i = 0; i < sum.length; i++) sum[i] += plane[i];
    const small = (wave) => {
      const out = new Float32Array(wave.length / COARSE);
      for (let i = 0; i < out.length; i++) for (let j = 0; j < COARSE; j++) out[i] += wave[i * COARSE + j];
      return out;
    };
    const coarse = COARSE * mostSimilar(small(sum), small(this.continuation), 0, (2 * tolerance) / COARSE);
    const low = Math.max(0, coarse - COARSE);
    return mostSimilar(sum, this.continuation, low, Math.min(2 * tolerance, coarse + COARSE)) - tolerance;
  }
}

/**
 * The shift in [low, high] at which `wave` has the largest normalised correlation with `pattern`.
 * Of equal ones (silence) it is the one nearest to the middle.
 * @param {Float32Array} wave
 * @param {Float32Array} pattern
 * @param {number} low
 * @param {number} high
 */
export function mostSimilar(wave, pattern, low, high) {
  const middle = Math.floor((low + high) / 2);
  let best = middle;
  let bestScore = 0;
  let energy = 0;
  for (let i = 0; i < pattern.length; i++) energy += wave[low + i] ** 2;
  for (let shift = low; shift <= high; shift++) {
    let product = 0;
    for (let i = 0; i < pattern.length; i++) product += wave[shift + i] * pattern[i];
    const score = product / Math.sqrt(Math.max(energy, 1e-9));
    if (score > bestScore) [best, bestScore] = [shift, score];
    energy += (wave[shift + pattern.length] ?? 0) ** 2 - wave[shift] ** 2;
  }
  return best;
}
