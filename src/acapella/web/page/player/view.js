/** The page of a finished song: its lanes, and what plays them. */
import { announce, attempt, showProblem } from "../shared/announce.js";
import { element } from "../shared/dom.js";
import { stemName } from "../shared/words.js";
import { api, url } from "../server/api.js";
import { confirmDelete } from "../songs/delete-dialog.js";
import { Player } from "../audio/player.js";
import { balanceControl, Transport } from "./controls.js";
import { openDownloads } from "./download-dialog.js";
import { action, songHeader } from "./header.js";
import { listenToKeys, openShortcuts } from "./keyboard.js";
import { Lane } from "./lane.js";
import { Mix } from "./mix.js";
import { dragAlong, Ruler } from "./ruler.js";

const PEAKS = 2000;
const SHORTEST_LOOP = 0.25; // seconds
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

export class PlayerView {
  /** @param {object} song that is done @param {{onRetry: (song: object) => void}} actions */
  constructor(song, { onRetry }) {
    this.song = song;
    this.mix = new Mix(song);
    this.sources = [...song.stems, "mixture"];
    this.abort = new AbortController();
    this.chosen = 0;
    this.loopFrom = null;
    this.place = 0; // seconds
    this.lanes = ["mixture", ...song.stems].map((stem, number) => new Lane(stem, song.id, this.mix, number));
    this.transport = new Transport(this.mix, song.duration, {
      onToggle: () => this.toggle(),
      onStart: () => this.seek(0),
      onLoop: () => this.loop(),
      onVolume: (volume) => this.player?.setVolume(volume),
      onShortcuts: openShortcuts,
    });
    this.ruler = new Ruler(song.duration, this.mix, { onSeek: (seconds) => this.seek(seconds), position: () => this.seconds });
    this.node = this.#build(onRetry);
    this.mix.addEventListener("change", ({ detail }) => this.#apply(detail));
    this.#listen();
    this.#draw();
    this.#show();
    attempt(() => this.#loadPeaks());
    this.ready = attempt(() => this.#loadAudio());
  }

  #build(onRetry) {
    const { song } = this;
    const head = songHeader(
      song,
      action("download", "Download", () => openDownloads(song, this.mix), "primary"),
      action("again", "Another model", () => onRetry(song)),
      action("trash", "Delete", () => confirmDelete(song)),
    );
    this.board = element("div.lanes", {}, this.ruler.node, ...this.lanes.map(({ node }) => node));
    return element("article.player", {}, head, this.mix.hasBalance ? balanceControl(this.mix) : null, this.board, this.transport.node);
  }

  /** Where we are in the song, in seconds. */
  get seconds() {
    return this.player ? this.player.position / this.player.song.sampleRate : this.place;
  }

  async toggle() {
    await this.ready;
    if (!this.player) return;
    if (this.player.playing) this.player.pause();
    else await this.player.play();
  }

  seek(seconds) {
    this.place = clamp(seconds, 0, this.song.duration);
    this.player?.seek(this.place * this.player.song.sampleRate);
    this.#show();
  }

  /** Set the start of a loop, then its end, then end it. */
  loop() {
    if (this.mix.loop) this.mix.set("loop", null);
    else if (this.loopFrom === null) this.loopFrom = this.seconds;
    else {
      const [start, end] = [this.loopFrom, this.seconds].sort((a, b) => a - b);
      this.loopFrom = null;
      if (end - start >= SHORTEST_LOOP) {
        this.mix.set("loop", { start, end });
        this.seek(start);
      }
    }
    this.transport.update(this.loopFrom);
    announce(this.mix.loop || this.loopFrom !== null ? `Loop ${this.transport.loopText.textContent}` : "No loop");
  }

  /** Choose a stem for the keys m and s. @param {number} number of its lane */
  choose(number) {
    const lane = this.lanes[number];
    if (!lane) return;
    this.chosen = number;
    lane.node.focus();
    this.lanes.forEach(({ node }, i) => node.classList.toggle("chosen", i === number));
  }

  close() {
    this.abort.abort();
    cancelAnimationFrame(this.frame);
    this.problem?.remove();
    this.ruler.close();
    for (const lane of this.lanes) lane.close();
    this.player?.close();
  }

  async #loadPeaks() {
    const load = async (lane) => (await api.peaks(this.song.id, lane.stem, PEAKS, this.abort.signal)).peaks;
    const peaks = await Promise.all(this.lanes.map(load));
    const scale = Math.max(0.05, ...peaks.flat().map(([low, high]) => Math.max(-low, high)));
    this.lanes.forEach((lane, i) => lane.setPeaks(peaks[i], scale));
  }

  async #loadAudio() {
    const player = await Player.open(this.sources.map((stem) => url("songs", this.song.id, "stems", stem, { format: "wav" })));
    if (this.abort.signal.aborted) return player.close();
    this.player = player;
    player.addEventListener("change", () => this.transport.setPlaying(player.playing, player.waiting));
    player.addEventListener("problem", ({ detail }) => {
      this.problem?.remove();
      this.problem = detail && showProblem(`${detail} Trying again.`);
    });
    for (const property of ["volumes", "speed", "loop"]) this.#apply(property);
    this.transport.setVolume(this.transport.volume.value / 100);
    this.seek(this.place);
    return undefined;
  }

  /** Show and play what changed in the mix. */
  #apply(property) {
    for (const lane of this.lanes) lane.update();
    if (property === "loop") this.loopFrom = null;
    this.transport.update(this.loopFrom);
    this.ruler.update();
    this.#show();
    const { player, mix } = this;
    if (!player) return;
    if (property === "speed") player.setSpeed(mix.speed);
    else if (property === "loop") player.setLoop(mix.loop && this.#inSamples(mix.loop));
    else player.setGains(this.sources.map((stem) => ((stem === "mixture") === mix.comparing ? (stem === "mixture" ? 1 : mix.gain(stem)) : 0)));
  }

  #inSamples({ start, end }) {
    const rate = this.player.song.sampleRate;
    return { start: Math.round(start * rate), end: Math.round(end * rate) };
  }

  #listen() {
    for (const { wave, node } of this.lanes) {
      wave.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        const seek = (x) => this.seek(this.ruler.timeAt(x));
        seek(event.clientX);
        dragAlong(wave, event, seek);
      });
      node.addEventListener("focusin", () => (this.chosen = this.lanes.findIndex((lane) => lane.node === node)));
    }
    const withStem = (act, word, set) => () => {
      const { stem } = this.lanes[this.chosen || 1];
      act.call(this.mix, stem);
      announce(`${stemName(stem)} ${set.has(stem) ? "" : "no longer "}${word}`);
    };
    const { mix } = this;
    const actions = {
      toggle: () => this.toggle(),
      seekBy: (seconds) => this.seek(this.seconds + seconds),
      start: () => this.seek(0),
      changeVolume: (step) => this.transport.setVolume(this.transport.volume.value / 100 + step),
      choose: (number) => this.choose(number),
      mute: withStem(mix.toggleMute, "muted", mix.muted),
      solo: withStem(mix.toggleSolo, "solo", mix.soloed),
      loop: () => this.loop(),
      compare: () => {
        mix.set("comparing", !mix.comparing);
        announce(mix.comparing ? "Original" : "Stems");
      },
    };
    listenToKeys(actions, this.abort.signal);
  }

  /** Follow the player, once a frame. */
  #draw() {
    this.frame = requestAnimationFrame(() => this.#draw());
    if (this.player?.playing) this.#show();
  }

  #show() {
    const seconds = this.seconds;
    const part = (value) => `${((100 * value) / this.song.duration).toFixed(2)}%`; // a fraction of a pixel
    const { style } = this.board;
    const position = part(seconds);
    if (style.getPropertyValue("--position") !== position) style.setProperty("--position", position);
    this.transport.showPosition(seconds);
    this.ruler.showPosition(seconds);
    const { loop } = this.mix;
    this.board.classList.toggle("looping", loop !== null);
    if (!loop) return;
    style.setProperty("--loop-start", part(loop.start));
    style.setProperty("--loop-end", part(loop.end));
  }
}
