/** Keeps the blocks of PCM around the playing position on the audio thread, and no others: memory does not grow with the song. */

export const BLOCK_LENGTH = 32768; // samples
const AHEAD_SECONDS = 12;
const BEHIND_SECONDS = 3;
const RETRY_MILLISECONDS = 2000;

/**
 * The blocks to have, those that are needed first in front.
 * @param {object} state
 * @param {number} state.position sample that is played now
 * @param {number} state.length samples of the song
 * @param {number} state.sampleRate Hz
 * @param {number} state.speed
 * @param {{start: number, end: number}|null} state.loop
 * @returns {number[]}
 */
export function wantedBlocks({ position, length, sampleRate, speed, loop }) {
  const count = Math.ceil(length / BLOCK_LENGTH);
  const wanted = new Set();
  const take = (start, samples) => {
    const first = Math.max(0, Math.floor(start / BLOCK_LENGTH));
    const last = Math.min(count - 1, Math.floor((start + samples) / BLOCK_LENGTH));
    for (let index = first; index <= last; index++) wanted.add(index);
  };
  const ahead = AHEAD_SECONDS * sampleRate * Math.max(1, speed);
  const looping = loop !== null && position < loop.end;
  const untilEnd = looping ? loop.end - position : Infinity;
  take(position, Math.min(ahead, untilEnd + BLOCK_LENGTH));
  if (looping) take(loop.start - BLOCK_LENGTH / 2, Math.min(ahead, loop.end - loop.start));
  take(position - BEHIND_SECONDS * sampleRate, BEHIND_SECONDS * sampleRate);
  return [...wanted];
}

export class Feeder {
  /**
   * @param {import("./stem-files.js").StemFiles} files
   * @param {(message: object, transfer: Transferable[]) => void} post sends a message to the audio thread
   * @param {(error: Error|null) => void} onProblem called when a block cannot be had, and with null when it could be again
   */
  constructor(files, post, onProblem) {
    Object.assign(this, { files, post, onProblem });
    this.sent = new Set();
    this.wanted = [];
    this.waiters = [];
    this.running = false;
    this.failed = false;
    this.abort = new AbortController();
  }

  /** Fetch what is wanted now; what is under way and no longer wanted first is given up. */
  feed(state) {
    this.wanted = wantedBlocks(state);
    const needed = this.wanted[0];
    if (this.fetching !== undefined && !this.sent.has(needed) && this.fetching !== needed) this.current.abort();
    this.#run();
  }

  /** Resolves once all wanted blocks are on the audio thread. */
  async filled() {
    if (this.wanted.every((index) => this.sent.has(index))) return;
    await new Promise((resolve) => this.waiters.push(resolve));
  }

  close() {
    this.abort.abort();
    this.current?.abort();
  }

  async #run() {
    if (this.running) return;
    this.running = true;
    for (let next; !this.abort.signal.aborted && (next = this.#next()) !== undefined; ) await this.#fetch(next);
    this.running = false;
    if (this.abort.signal.aborted) return;
    for (const resolve of this.waiters.splice(0)) resolve();
  }

  #next() {
    return this.wanted.find((index) => !this.sent.has(index));
  }

  async #fetch(index) {
    this.current = new AbortController();
    this.fetching = index;
    const start = index * BLOCK_LENGTH;
    try {
      const end = Math.min(start + BLOCK_LENGTH, this.files.song.length);
      const planes = await this.files.read(start, end, this.current.signal);
      this.#send(index, planes);
      if (this.failed) this.onProblem(null);
      this.failed = false;
    } catch (error) {
      if (error.name !== "AbortError") await this.#fail(error);
    }
    this.fetching = undefined;
  }

  #send(index, planes) {
    const drop = [...this.sent].filter((old) => !this.wanted.includes(old));
    for (const old of drop) this.sent.delete(old);
    this.sent.add(index);
    this.post({ type: "block", index, planes, drop }, planes.map((plane) => plane.buffer));
  }

  async #fail(error) {
    if (this.abort.signal.aborted) return;
    this.failed = true;
    this.onProblem(error);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
  }
}
