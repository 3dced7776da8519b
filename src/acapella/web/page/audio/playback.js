import { BlockMixer } from "./block-mixer.js";
import { Stretcher } from "./stretcher.js";

const REPORT_EVERY = 1024; // samples
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/**
 * Plays the stems of a song on one clock: what runs on the audio thread, without its interfaces.
 *
 * Messages in: {type: "block", index, planes, drop}, {type: "seek", position, count}, {type: "gains", gains},
 * {type: "speed", speed}, {type: "loop", loop: {start, end}|null}, {type: "play"}, {type: "pause"}, {type: "close"}.
 * Messages out: {position, moving, ended, waiting, seeks}; positions in samples of the song.
 */
export class Playback {
  /**
   * @param {object} song see BlockMixer, and `sampleRate` in Hz
   * @param {(report: object) => void} report
   */
  constructor(song, report) {
    this.length = song.length;
    this.mixer = new BlockMixer(song);
    this.stretcher = new Stretcher(this.mixer, song.sampleRate);
    this.report = report;
    this.hop = Array.from({ length: song.channels }, () => new Float32Array(this.stretcher.hop));
    /** Samples of `hop` that were played. */
    this.used = this.stretcher.hop;
    /** Where in the song the hop that is being played starts. */
    this.hopStart = 0;
    /** Where in the song the next segment starts, and whether the last one comes before it in the song. */
    this.position = 0;
    this.continues = false;
    /** Where the last segment would go on. */
    this.continuation = 0;
    this.state = { playing: false, sounding: false, waiting: false, ended: false, closed: false };
    this.speed = 1;
    this.loop = null;
    this.seeks = 0;
    this.sinceReport = 0;
  }

  /** Do what a message of the page says. */
  receive(message) {
    MESSAGES[message.type](this, message);
  }

  /**
   * Write the next samples.
   * @param {Float32Array[]} out one array for each channel
   * @returns {boolean} false once closed
   */
  process(out) {
    const count = out[0].length;
    for (let done = 0; done < count; ) {
      if (this.used === this.stretcher.hop) this.#nextHop();
      const step = Math.min(count - done, this.stretcher.hop - this.used);
      out.forEach((plane, channel) => plane.set(this.hop[channel].subarray(this.used, this.used + step), done));
      this.used += step;
      done += step;
    }
    this.sinceReport += count;
    if (this.sinceReport >= REPORT_EVERY) this.sendReport();
    return !this.state.closed;
  }

  /** Tell the page where we are. */
  sendReport() {
    this.sinceReport = 0;
    const { playing, sounding, waiting, ended } = this.state;
    const moving = playing && sounding;
    const position = moving ? this.hopStart + this.used * this.speed : this.position;
    this.report({ position: clamp(position, 0, this.length), moving, ended, waiting, seeks: this.seeks });
  }

  #nextHop() {
    this.used = 0;
    const { state, stretcher } = this;
    this.#wrap();
    state.ended = state.playing && this.position >= this.length;
    if (state.ended) state.playing = false;
    const start = Math.round(this.position);
    state.waiting = state.playing && !stretcher.canRead(start);
    if (!state.playing || state.waiting) {
      stretcher.finish(this.hop);
      if (state.sounding || state.ended) this.sendReport();
      state.sounding = this.continues = false;
      return;
    }
    const from = stretcher.next(start, this.continues && start !== this.continuation, this.hop);
    this.continuation = from + stretcher.hop;
    this.hopStart = this.position;
    // At speed 1 the next segment goes on from this one, wherever the search has put it.
    this.position = this.speed === 1 ? this.continuation : this.position + stretcher.hop * this.speed;
    state.sounding = this.continues = true;
  }

  /** Jump back at the loop's end; the middle of the fade is within half a hop of it, and the period is exact. */
  #wrap() {
    if (!this.loop || !this.continues) return;
    const { start, end } = this.loop;
    const middle = this.stretcher.hop / 2;
    if (this.hopStart + middle >= end || this.position + middle < end) return;
    this.position -= end - start;
    this.continues = false;
  }
}

/** What each message of the page does. */
const MESSAGES = {
  block(playback, { index, planes, drop }) {
    playback.mixer.blocks.set(index, planes);
    for (const old of drop) playback.mixer.blocks.delete(old);
  },
  seek(playback, { position, count }) {
    playback.position = position;
    playback.continues = false;
    playback.state.ended = false;
    playback.seeks = count;
  },
  gains(playback, { gains }) {
    playback.mixer.gains.set(gains);
  },
  speed(playback, { speed }) {
    playback.speed = speed;
  },
  loop(playback, { loop }) {
    playback.loop = loop;
  },
  play(playback) {
    playback.state.playing = true;
  },
  pause(playback) {
    playback.state.playing = false;
  },
  close(playback) {
    playback.state.closed = true;
  },
};
