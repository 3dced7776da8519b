/** Time above the lanes: ticks, the position as a slider, and the loop, drawn with the pointer or set with keys. */
import { element } from "../shared/dom.js";
import { clock, spokenTime } from "../shared/words.js";

const TICK_PIXELS = 90;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600];
const SHORTEST_LOOP = 0.25; // seconds
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

export class Ruler {
  /**
   * @param {number} duration seconds
   * @param {import("./mix.js").Mix} mix
   * @param {{onSeek: (seconds: number) => void, position: () => number}} actions
   */
  constructor(duration, mix, { onSeek, position }) {
    Object.assign(this, { duration, mix, onSeek, position });
    this.ticks = element("div.ticks", { "aria-hidden": "true" });
    this.handle = this.#slider("position", "Position", (seconds) => onSeek(seconds), position);
    this.start = this.#slider("loop-start", "Start of the loop", (s) => this.#move("start", s), () => mix.loop?.start ?? 0);
    this.end = this.#slider("loop-end", "End of the loop", (s) => this.#move("end", s), () => mix.loop?.end ?? 0);
    this.scale = element("div.scale", {}, this.ticks, element("div.region"), this.handle, this.start, this.end);
    this.node = element("div.ruler", {}, element("div.hint", {}, "Drag on the scale to loop"), this.scale);
    this.scale.addEventListener("pointerdown", (event) => event.button === 0 && this.#dragLoop(event));
    this.observer = new ResizeObserver(() => this.#drawTicks());
    this.observer.observe(this.scale);
    this.update();
  }

  /** Show the loop. */
  update() {
    const { loop } = this.mix;
    for (const handle of [this.start, this.end]) handle.hidden = loop === null;
    if (!loop) return;
    this.#describe(this.start, loop.start);
    this.#describe(this.end, loop.end);
  }

  /** Say the position. @param {number} seconds */
  showPosition(seconds) {
    if (Math.floor(seconds) !== this.saidSecond) this.#describe(this.handle, seconds);
    this.saidSecond = Math.floor(seconds);
  }

  close() {
    this.observer.disconnect();
  }

  #describe(slider, seconds) {
    slider.setAttribute("aria-valuenow", seconds.toFixed(1));
    slider.setAttribute("aria-valuetext", `${spokenTime(seconds)} of ${spokenTime(this.duration)}`);
  }

  #slider(kind, label, set, get) {
    const node = element("div", {
      role: "slider", tabindex: "0", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": this.duration.toFixed(1), "aria-valuenow": 0,
    });
    node.classList.add(kind);
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity };
    node.addEventListener("keydown", (event) => {
      if (!(event.key in steps) || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      set(clamp(get() + steps[event.key] * (event.shiftKey ? 0.1 : 1), 0, this.duration));
    });
    node.addEventListener("pointerdown", (event) => {
      event.stopPropagation();
      dragAlong(node, event, (x) => set(this.timeAt(x)));
    });
    return node;
  }

  #move(side, seconds) {
    const loop = { ...this.mix.loop };
    loop[side] = side === "start" ? clamp(seconds, 0, loop.end - SHORTEST_LOOP) : clamp(seconds, loop.start + SHORTEST_LOOP, this.duration);
    this.mix.set("loop", loop);
  }

  /** Where in the song a point of the screen is, in seconds. */
  timeAt(x) {
    const { left, width } = this.scale.getBoundingClientRect();
    return clamp(((x - left) / width) * this.duration, 0, this.duration);
  }

  #dragLoop(event) {
    const from = this.timeAt(event.clientX);
    let drawn = false;
    const done = () => this.onSeek(drawn ? this.mix.loop.start : from); // without a loop it was a click
    dragAlong(this.scale, event, (x) => {
      const [start, end] = [from, this.timeAt(x)].sort((a, b) => a - b);
      drawn ||= Math.abs(x - event.clientX) > 4 && end - start >= SHORTEST_LOOP;
      if (drawn && end - start >= SHORTEST_LOOP) this.mix.set("loop", { start, end });
    }, done);
  }

  #drawTicks() {
    const room = this.scale.clientWidth / TICK_PIXELS;
    const step = STEPS.find((seconds) => this.duration / seconds <= room) ?? 7200;
    const ticks = [];
    for (let second = 0; second < this.duration; second += step) {
      const tick = element("span", {}, clock(second));
      tick.style.left = `${(100 * second) / this.duration}%`;
      ticks.push(tick);
    }
    this.ticks.replaceChildren(...ticks);
  }
}

/** Follow the pointer until it is let go. */
export function dragAlong(node, event, onMove, onEnd = () => {}) {
  const move = ({ clientX }) => onMove(clientX);
  const end = () => {
    node.removeEventListener("pointermove", move);
    onEnd();
  };
  node.setPointerCapture(event.pointerId);
  node.addEventListener("pointermove", move);
  node.addEventListener("lostpointercapture", end, { once: true });
}
