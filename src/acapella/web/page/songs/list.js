/** The list of uploads and songs. Rows stay the same elements, so that focus and place are kept. */
import { announce } from "../shared/announce.js";
import { reason, songTitle } from "../shared/words.js";
import { SongRow, UploadRow } from "./row.js";

const ANNOUNCED = {
  done: (song) => `${songTitle(song.name)} is ready.`,
  failed: (song) => `${songTitle(song.name)} failed. ${reason(song)}`,
};

export class SongList {
  /**
   * @param {HTMLElement} place a list
   * @param {import("./store.js").SongStore} store
   * @param {import("../server/uploads.js").Uploads} uploads
   */
  constructor(place, store, uploads) {
    Object.assign(this, { place, store, uploads });
    this.rows = new Map();
    this.openId = null;
    store.addEventListener("change", ({ detail }) => this.#onChange(detail));
    uploads.addEventListener("change", () => this.render());
  }

  /** Mark the song that is in the player. */
  setOpen(id) {
    this.openId = id;
    this.render();
  }

  render() {
    const kept = new Set();
    const nodes = [];
    const show = (key, make, update) => {
      if (!this.rows.has(key)) this.rows.set(key, make());
      const row = this.rows.get(key);
      update(row);
      kept.add(key);
      nodes.push(row.node);
    };
    for (const upload of this.uploads.items) {
      show(`upload ${upload.id}`, () => new UploadRow(this.uploads, upload), (row) => row.update(upload));
    }
    for (const song of this.store.list()) {
      show(song.id, () => new SongRow(song), (row) => row.update(song, song.id === this.openId));
    }
    for (const key of this.rows.keys()) if (!kept.has(key)) this.#drop(key);
    nodes.forEach((node, at) => this.place.children[at] !== node && this.place.insertBefore(node, this.place.children[at] ?? null));
  }

  /** Remove a row; the focus goes to its neighbour. */
  #drop(key) {
    const { node } = this.rows.get(key);
    if (node.contains(document.activeElement)) (node.nextElementSibling ?? node.previousElementSibling)?.querySelector("a, button")?.focus();
    node.remove();
    this.rows.delete(key);
  }

  #onChange({ song, before }) {
    if (song && before && song.state !== before.state) {
      const say = ANNOUNCED[song.state];
      if (say) announce(say(song));
    }
    this.render();
  }
}
