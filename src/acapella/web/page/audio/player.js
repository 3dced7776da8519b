import { BLOCK_LENGTH, Feeder } from "./feeder.js";
import { Playback } from "./playback.js";
import { StemFiles } from "./stem-files.js";

const RAMP_SECONDS = 0.02;
const SUSPEND_MILLISECONDS = 400; // the fade is over by then
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/**
 * Plays a song's stems on one clock. Positions are samples of the song.
 *
 * Events: "change" (playing, waiting or the end), "problem" (`detail`: a sentence, or null when it is over).
 */
export class Player extends EventTarget {
  #position = 0;
  #reportedAt = 0;
  #seeks = 0;
  #speed = 1;
  #loop = null;
  #suspend = 0;

  /**
   * @param {string[]} urls wav files of the stems
   * @param {(options: {sampleRate: number}, song: object) => BaseAudioContext} [makeContext] tests give an offline one
   */
  static async open(urls, makeContext = (options) => new AudioContext(options)) {
    const files = await StemFiles.open(urls);
    const context = makeContext({ sampleRate: files.song.sampleRate }, files.song);
    const player = new Player(files, context);
    await player.#connect();
    return player;
  }

  /** Use `Player.open`. */
  constructor(files, context) {
    super();
    this.song = files.song;
    this.context = context;
    this.playing = false;
    this.waiting = false;
    this.volume = context.createGain();
    this.volume.connect(context.destination);
    this.feeder = new Feeder(files, (message, transfer) => this.#post(message, transfer), (error) => {
      this.dispatchEvent(new CustomEvent("problem", { detail: error && error.message }));
    });
  }

  /** The sample that is heard now. */
  get position() {
    if (!this.playing || this.waiting || !this.#reportedAt) return this.#position;
    const seconds = this.context.currentTime - this.#reportedAt - (this.context.outputLatency ?? 0);
    const position = this.#position + seconds * this.song.sampleRate * this.#speed;
    return clamp(position, 0, this.song.length);
  }

  async play() {
    clearTimeout(this.#suspend);
    if (this.#position >= this.song.length) this.seek(this.#loop?.start ?? 0);
    this.playing = true;
    this.#reportedAt = 0;
    this.#post({ type: "play" });
    this.#changed();
    await this.context.resume?.();
  }

  pause() {
    this.#position = this.position;
    this.playing = this.waiting = false;
    this.#post({ type: "pause" });
    this.#changed();
    this.#suspend = setTimeout(() => this.context.state === "running" && this.context.suspend?.(), SUSPEND_MILLISECONDS);
  }

  /** @param {number} position sample */
  seek(position) {
    this.#position = clamp(Math.round(position), 0, this.song.length);
    this.#reportedAt = 0;
    this.#post({ type: "seek", position: this.#position, count: ++this.#seeks });
    this.#feed();
  }

  /** @param {number[]} gains of each stem, in the order of the urls */
  setGains(gains) {
    this.#post({ type: "gains", gains });
  }

  /** @param {number} volume 0 to 1 */
  setVolume(volume) {
    this.volume.gain.setTargetAtTime(volume, this.context.currentTime, RAMP_SECONDS);
  }

  /** @param {number} speed 1 is the song's own; the pitch is kept */
  setSpeed(speed) {
    this.#position = this.position;
    this.#reportedAt = this.#reportedAt && this.context.currentTime;
    this.#speed = speed;
    this.#post({ type: "speed", speed });
    this.#feed();
  }

  /** @param {{start: number, end: number}|null} loop samples */
  setLoop(loop) {
    this.#loop = loop;
    this.#post({ type: "loop", loop });
    this.#feed();
  }

  /** Resolves once what will be played next is on the audio thread. */
  filled() {
    return this.feeder.filled();
  }

  close() {
    clearTimeout(this.#suspend);
    this.feeder.close();
    this.#post({ type: "close" });
    this.context.close?.();
  }

  async #connect() {
    const options = { ...this.song, blockLength: BLOCK_LENGTH };
    const { port, node } = this.context.audioWorklet
      ? await connectWorklet(this.context, options)
      : connectScript(this.context, options);
    this.port = port;
    this.port.onmessage = ({ data }) => this.#receive(data);
    node.connect(this.volume);
    this.#feed();
  }

  #post(message, transfer = []) {
    this.port.postMessage(message, transfer);
  }

  #feed() {
    const { length, sampleRate } = this.song;
    this.feeder.feed({ position: this.#position, length, sampleRate, speed: this.#speed, loop: this.#loop });
  }

  #receive({ position, moving, ended, waiting, seeks }) {
    if (seeks !== this.#seeks || (!this.playing && !ended)) return;
    this.#position = position;
    this.#reportedAt = moving ? this.context.currentTime : 0;
    this.#feed();
    if (ended) this.pause();
    else if (waiting !== this.waiting) {
      this.waiting = waiting;
      this.#changed();
    }
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

async function connectWorklet(context, processorOptions) {
  await context.audioWorklet.addModule(new URL("worklet.js", import.meta.url));
  const outputChannelCount = [processorOptions.channels];
  const node = new AudioWorkletNode(context, "playback", { numberOfInputs: 0, outputChannelCount, processorOptions });
  return { port: node.port, node };
}

/** Without TLS, browsers have no worklets for other machines of the network: the same code, on the page's thread. */
function connectScript(context, options) {
  const { port1, port2 } = new MessageChannel();
  const playback = new Playback(options, (report) => port2.postMessage(report));
  port2.onmessage = ({ data }) => playback.receive(data);
  const node = context.createScriptProcessor(2048, 0, options.channels);
  node.onaudioprocess = ({ outputBuffer }) => {
    playback.process(Array.from({ length: options.channels }, (_, channel) => outputBuffer.getChannelData(channel)));
  };
  return { port: port1, node };
}
