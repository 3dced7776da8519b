/** The player's controls: between karaoke and a cappella, and the bar with play, time, loop, speed and volume. */
import { button, element, setText } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { remember, settings } from "../shared/settings.js";
import { clock } from "../shared/words.js";

const SNAP = 4; // percent around the middle

/** The slider between karaoke and a cappella. @param {import("./mix.js").Mix} mix */
export function balanceControl(mix) {
  const slider = element("input", {
    type: "range", min: "-100", max: "100", "aria-label": "From karaoke to a cappella",
    oninput: () => mix.set("balance", Math.abs(slider.value) < SNAP ? 0 : Number(slider.value) / 100),
  });
  const end = (text, value) => element("button.end", { type: "button", onclick: () => mix.set("balance", value) }, text);
  const ends = [end("Karaoke", -1), end("Full mix", 0), end("A cappella", 1)];
  const update = () => {
    const percent = Math.round(100 * mix.balance);
    slider.value = String(percent);
    slider.style.setProperty("--value", `${50 + percent / 2}%`);
    const text = percent === 0 ? "all stems as they are" : `${Math.abs(percent)} % ${percent < 0 ? "karaoke" : "a cappella"}`;
    slider.setAttribute("aria-valuetext", text);
    [-1, 0, 1].forEach((value, i) => ends[i].setAttribute("aria-pressed", String(mix.balance === value)));
  };
  mix.addEventListener("change", update);
  update();
  return element("div.balance", { role: "group", "aria-label": "Karaoke or a cappella" }, element("div.ends", {}, ...ends), slider);
}

export class Transport {
  /**
   * @param {import("./mix.js").Mix} mix
   * @param {number} duration seconds
   * @param {{onToggle: () => void, onStart: () => void, onLoop: () => void, onVolume: (volume: number) => void,
   *   onShortcuts: () => void}} actions
   */
  constructor(mix, duration, { onToggle, onStart, onLoop, onVolume, onShortcuts }) {
    this.mix = mix;
    this.play = button(icon("play"), { label: "Play", kind: "play", onclick: onToggle });
    this.time = element("span.now");
    const time = element("div.time", { role: "timer", "aria-label": "Time" }, this.time, element("span.quiet", {}, ` / ${clock(duration)}`));
    this.loopText = element("span");
    this.loop = element("button.toggle.loop", { type: "button", onclick: onLoop }, icon("loop"), this.loopText);
    this.speedText = element("output");
    this.speed = element("input", {
      type: "range", min: "0.5", max: "2", step: "0.05", "aria-label": "Speed",
      oninput: () => mix.set("speed", Number(this.speed.value)),
      ondblclick: () => mix.set("speed", 1),
    });
    this.volume = element("input", { type: "range", min: "0", max: "100", "aria-label": "Volume", oninput: () => this.setVolume(this.volume.value / 100) });
    this.onVolume = onVolume;
    const shortcuts = button(icon("keyboard"), { label: "Keyboard shortcuts", kind: "quiet keys", onclick: onShortcuts });
    const start = button(icon("start"), { label: "To the start", kind: "quiet", onclick: onStart });
    this.node = element(
      "div.transport",
      { role: "group", "aria-label": "Playback" },
      element("div.main", {}, start, this.play, time, this.loop),
      element("div.sliders", {}, element("label.speed", {}, element("span", {}, "Speed"), this.speed, this.speedText), element("label.volume", {}, icon("volume"), this.volume), shortcuts),
    );
    this.setVolume(settings().volume);
    this.setPlaying(false, false);
    this.update();
  }

  /** @param {number} volume 0 to 1 */
  setVolume(volume) {
    const value = Math.min(1, Math.max(0, volume));
    remember({ volume: value });
    this.volume.value = String(Math.round(100 * value));
    this.volume.style.setProperty("--value", `${100 * value}%`);
    this.volume.setAttribute("aria-valuetext", `${Math.round(100 * value)} %`);
    this.onVolume(value);
  }

  setPlaying(playing, waiting) {
    const label = playing ? "Pause" : "Play";
    this.play.replaceChildren(icon(playing ? "pause" : "play"));
    this.play.setAttribute("aria-label", label);
    this.play.title = `${label} (space)`;
    this.play.classList.toggle("loading", waiting);
  }

  /** @param {number} seconds */
  showPosition(seconds) {
    setText(this.time, clock(seconds, true));
  }

  /** Show speed and loop. @param {number|null} [loopFrom] start of a loop whose end is not set */
  update(loopFrom = null) {
    const { speed, loop } = this.mix;
    this.speed.value = String(speed);
    this.speed.style.setProperty("--value", `${((speed - 0.5) / 1.5) * 100}%`);
    this.speed.setAttribute("aria-valuetext", `${Math.round(100 * speed)} %`);
    setText(this.speedText, `${speed.toFixed(2)}×`);
    const span = loop && `${clock(loop.start, true)} – ${clock(loop.end, true)}`;
    setText(this.loopText, span ?? (loopFrom === null ? "Loop" : `From ${clock(loopFrom, true)}, to …`));
    const label = span ? `Loop ${span}; press to end it` : loopFrom === null ? "Loop from here" : "Loop to here";
    this.loop.setAttribute("aria-label", label);
    this.loop.title = `${label} (l)`;
    this.loop.setAttribute("aria-pressed", String(loop !== null));
    this.loop.classList.toggle("half", loopFrom !== null);
  }
}
