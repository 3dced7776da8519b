/** The songs as the server last told them. Event "change": `detail` is {song, before}, either may be null. */
export class SongStore extends EventTarget {
  #songs = new Map();
  /** Whether the server's list was read once. */
  loaded = false;

  get(id) {
    return this.#songs.get(id) ?? null;
  }

  /** Newest first. */
  list() {
    return [...this.#songs.values()].sort((a, b) => b.created.localeCompare(a.created));
  }

  put(song) {
    const before = this.get(song.id);
    this.#songs.set(song.id, song);
    this.#changed(song, before);
  }

  remove(id) {
    const before = this.get(id);
    if (this.#songs.delete(id)) this.#changed(null, before);
  }

  /**
   * Take a whole list.
   * @param {object[]} songs
   * @param {Set<string>} newer songs about which something newer is known
   */
  replace(songs, newer) {
    const listed = new Set(songs.map(({ id }) => id));
    for (const id of [...this.#songs.keys()]) if (!listed.has(id) && !newer.has(id)) this.remove(id);
    for (const song of songs) if (!newer.has(song.id)) this.put(song);
    this.loaded = true;
    this.#changed(null, null);
  }

  #changed(song, before) {
    this.dispatchEvent(new CustomEvent("change", { detail: { song, before } }));
  }
}
