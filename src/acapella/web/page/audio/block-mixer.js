/**
 * The PCM of all stems of a song, in blocks, and their weighted sum.
 *
 * A block holds the same samples of every stem, so that a stem can neither be late nor early.
 */
export class BlockMixer {
  /**
   * @param {object} song
   * @param {number} song.stems how many stems there are
   * @param {number} song.channels channels of each stem
   * @param {number} song.length samples of the song
   * @param {number} song.blockLength samples of a block
   */
  constructor({ stems, channels, length, blockLength }) {
    Object.assign(this, { stems, channels, length, blockLength });
    /** Gain of each stem. */
    this.gains = new Float32Array(stems).fill(1);
    /** @type {Map<number, Float32Array[]>} index → planes: stem 0 channel 0, stem 0 channel 1, … */
    this.blocks = new Map();
  }

  /**
   * Whether every block that holds samples of [start, end) is here.
   * @param {number} start first sample; may lie before the song
   * @param {number} end one past the last sample; may lie behind the song
   */
  has(start, end) {
    const last = Math.floor((Math.min(end, this.length) - 1) / this.blockLength);
    for (let index = Math.floor(Math.max(start, 0) / this.blockLength); index <= last; index++) {
      if (!this.blocks.has(index)) return false;
    }
    return true;
  }

  /**
   * Write the weighted sum of the stems from `start` on. Outside the song there is silence.
   * @param {number} start first sample
   * @param {Float32Array[]} out one array for each channel, all of one length
   */
  mix(start, out) {
    const end = start + out[0].length;
    for (const plane of out) plane.fill(0);
    let position = Math.max(start, 0);
    while (position < Math.min(end, this.length)) {
      const index = Math.floor(position / this.blockLength);
      const first = index * this.blockLength;
      const stop = Math.min(end, this.length, first + this.blockLength);
      const planes = this.blocks.get(index);
      if (planes) this.#addBlock(planes, position - first, stop - first, position - start, out);
      position = stop;
    }
  }

  /** Add samples [from, to) of a block's stems to `out`, whose sample `offset` is the first. */
  #addBlock(planes, from, to, offset, out) {
    for (let stem = 0; stem < this.stems; stem++) {
      const gain = this.gains[stem];
      if (gain === 0) continue;
      for (let channel = 0; channel < this.channels; channel++) {
        const plane = planes[stem * this.channels + channel];
        const target = out[channel];
        for (let i = from, j = offset; i < to; i++, j++) target[j] += gain * plane[i];
      }
    }
  }
}
