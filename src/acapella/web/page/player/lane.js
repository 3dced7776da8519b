/** A stem's part of the player: its name and controls, and its waveform or spectrogram. */
import { attempt } from "../shared/announce.js";
import { button, element } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { isVoice, stemName } from "../shared/words.js";
import { sharpCanvas } from "./canvas.js";
import { drawSpectrogram, loadSpectrogram } from "./spectrogram.js";
import { drawWaveform } from "./waveform.js";

const colourOf = (stem) => (stem === "mixture" ? "original" : isVoice(stem) ? "voice" : "music");

export class Lane {
  /**
   * @param {string} stem or "mixture"
   * @param {string} id of the song
   * @param {import("./mix.js").Mix} mix
   * @param {number} number of the key that selects it; 0: none
   */
  constructor(stem, id, mix, number) {
    Object.assign(this, { stem, id, mix, name: stemName(stem) });
    this.abort = new AbortController();
    this.picture = sharpCanvas((context, width, height) => this.#draw(context, width, height));
    this.wave = element("div.wave.loading", {}, this.picture.node, element("div.veil"), element("div.region"), element("div.playhead"));
    this.top = element("span.top-hz", { hidden: true });
    this.wave.append(this.top);
    const key = number ? element("kbd", { "aria-hidden": "true" }, String(number)) : null;
    const heading = element("h2", {}, this.name);
    this.controls = element("div.controls", {}, element("div.name", {}, heading, key), ...this.#buttons());
    this.node = element("div.lane", { role: "group", "aria-label": this.name, tabindex: "-1" }, this.controls, this.wave);
    this.node.dataset.stem = colourOf(stem);
    this.update();
  }

  #buttons() {
    const { stem, mix, name } = this;
    const toggle = (text, label, onclick) => element("button.toggle", { type: "button", "aria-label": label, title: label, onclick }, text);
    this.view = button(icon("spectrogram"), { label: `Spectrogram of ${name}`, kind: "toggle", onclick: () => attempt(() => this.#toggleView()) });
    if (stem === "mixture") {
      this.compare = toggle("Compare", "Compare: hear the original", () => mix.set("comparing", !mix.comparing));
      return [element("div.switches", {}, this.compare, this.view)];
    }
    this.mute = toggle("M", `Mute ${name}`, () => mix.toggleMute(stem));
    this.solo = toggle("S", `Solo ${name}`, () => mix.toggleSolo(stem));
    this.volume = element("input", {
      type: "range", min: "0", max: "100", "aria-label": `Volume of ${name}`,
      oninput: () => mix.setVolume(stem, Number(this.volume.value) / 100),
    });
    return [element("div.switches", {}, this.mute, this.solo, this.view), this.volume];
  }

  /** Show the mix. */
  update() {
    const { mix, stem } = this;
    this.view.setAttribute("aria-pressed", String(Boolean(this.showsSpectrogram)));
    if (stem === "mixture") {
      this.compare.setAttribute("aria-pressed", String(mix.comparing));
      return;
    }
    this.mute.setAttribute("aria-pressed", String(mix.muted.has(stem)));
    this.solo.setAttribute("aria-pressed", String(mix.soloed.has(stem)));
    const percent = Math.round(100 * mix.volumes[stem]);
    this.volume.value = String(percent);
    this.volume.setAttribute("aria-valuetext", `${percent} %`);
    this.volume.style.setProperty("--value", `${percent}%`);
    this.node.style.setProperty("--loudness", String(mix.comparing ? 0 : mix.gain(stem)));
  }

  /** @param {[number, number][]} peaks @param {number} scale the value that reaches the edge */
  setPeaks(peaks, scale) {
    Object.assign(this, { peaks, scale });
    this.wave.classList.remove("loading");
    this.picture.redraw();
  }

  close() {
    this.abort.abort();
    this.picture.close();
  }

  async #toggleView() {
    this.showsSpectrogram = !this.showsSpectrogram;
    this.update();
    this.wave.classList.toggle("loading", this.showsSpectrogram && !this.spectrogram);
    try {
      if (this.showsSpectrogram) this.spectrogram ??= await loadSpectrogram(this.id, this.stem, this.abort.signal);
    } catch (error) {
      this.showsSpectrogram = false;
      this.update();
      throw error;
    } finally {
      this.wave.classList.remove("loading");
    }
    this.top.hidden = !this.showsSpectrogram;
    this.top.textContent = this.spectrogram ? `${Math.round(this.spectrogram.topHz / 1000)} kHz` : "";
    this.picture.redraw();
  }

  #draw(context, width, height) {
    if (this.showsSpectrogram && this.spectrogram) drawSpectrogram(context, width, height, this.spectrogram, this.node);
    else if (this.peaks) drawWaveform(context, width, height, this.peaks, this.scale, getComputedStyle(this.wave).color);
  }
}
