/** Keeps the songs as the server has them: its list once, then its events. */
import { api, url } from "./api.js";

const AGAIN_MILLISECONDS = 3000;

/**
 * Follow the server. Does so again after each break.
 * @param {import("../songs/store.js").SongStore} store
 * @param {(connected: boolean) => void} onConnection
 * @returns {{restart: () => void}} for when a token was given
 */
export function follow(store, onConnection) {
  let source = null;
  let timer = 0;

  function start() {
    clearTimeout(timer);
    source?.close();
    const told = new Set();
    const mine = new EventSource(url("events"));
    source = mine;
    mine.addEventListener("song", ({ data }) => {
      const song = JSON.parse(data);
      told.add(song.id);
      store.put(song);
    });
    mine.addEventListener("deleted", ({ data }) => {
      const { id } = JSON.parse(data);
      told.add(id);
      store.remove(id);
    });
    mine.addEventListener("error", () => {
      mine.close();
      onConnection(false);
      timer = setTimeout(start, AGAIN_MILLISECONDS);
    });
    load(store, told).then(
      () => onConnection(true),
      (error) => error.status === 401 && clearTimeout(timer), // the dialog for the token restarts us
    );
  }

  start();
  return { restart: start };
}

/** Take the server's list; what events told since is newer. */
async function load(store, told) {
  const songs = [];
  for (let after = null, more = true; more; more = after !== null) {
    const page = await api.songs(after);
    songs.push(...page.songs);
    after = page.next;
  }
  store.replace(songs, told);
}
