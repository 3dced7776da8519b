import { isVoice } from "../shared/words.js";
import { rememberSong, songSettings } from "../shared/settings.js";

/**
 * How a song is mixed and played: what the sliders and buttons show. Event "change": `detail` names what changed.
 */
export class Mix extends EventTarget {
  /** @param {object} song of the API */
  constructor(song) {
    super();
    this.id = song.id;
    this.stems = song.stems;
    const old = songSettings(song.id);
    const known = (stems) => new Set((stems ?? []).filter((stem) => song.stems.includes(stem)));
    this.volumes = Object.fromEntries(song.stems.map((stem) => [stem, old.volumes?.[stem] ?? 1]));
    this.muted = known(old.muted);
    this.soloed = known(old.soloed);
    /** −1: karaoke, 0: all as it is, 1: a cappella. */
    this.balance = old.balance ?? 0;
    this.speed = old.speed ?? 1;
    /** @type {{start: number, end: number}|null} seconds */
    this.loop = old.loop ?? null;
    /** Whether the mixture is heard instead. */
    this.comparing = false;
  }

  /** Whether karaoke and a cappella differ. */
  get hasBalance() {
    return this.stems.some(isVoice) && !this.stems.every(isVoice);
  }

  /** Whether a stem is heard, its volume aside. */
  isAudible(stem) {
    return this.soloed.size ? this.soloed.has(stem) : !this.muted.has(stem);
  }

  /** Gain of a stem: 0 to 1. */
  gain(stem) {
    if (!this.isAudible(stem)) return 0;
    const towards = isVoice(stem) ? this.balance : -this.balance;
    return this.volumes[stem] * Math.min(1, 1 + towards);
  }

  /** Change a property: "balance", "speed", "loop", "comparing". */
  set(property, value) {
    this[property] = value;
    this.#changed(property);
  }

  setVolume(stem, volume) {
    this.volumes[stem] = volume;
    this.#changed("volumes");
  }

  toggleMute(stem) {
    toggle(this.muted, stem);
    this.#changed("muted");
  }

  toggleSolo(stem) {
    toggle(this.soloed, stem);
    this.#changed("soloed");
  }

  #changed(property) {
    const { volumes, muted, soloed, balance, speed, loop } = this;
    rememberSong(this.id, { volumes, muted: [...muted], soloed: [...soloed], balance, speed, loop });
    this.dispatchEvent(new CustomEvent("change", { detail: property }));
  }
}

function toggle(set, value) {
  if (!set.delete(value)) set.add(value);
}
