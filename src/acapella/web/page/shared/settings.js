/** What the page remembers in this browser: theme, model, format, volume, and how each song is mixed. */

const KEY = "acapella";
const SONGS_REMEMBERED = 100;
const DEFAULTS = { theme: "auto", model: null, stems: "two", format: "wav", volume: 1, shortcuts: true, songs: {} };

/** All settings; those that were never set have their default. */
export function settings() {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return { ...DEFAULTS }; // storage is off, or holds something else
  }
}

/** Change some settings. */
export function remember(changes) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...settings(), ...changes }));
  } catch {
    // Without storage the page works; it forgets on reload.
  }
}

/** How a song was mixed when it was last open, or an empty object. */
export function songSettings(id) {
  return settings().songs[id] ?? {};
}

/** Remember how a song is mixed; the songs that were changed longest ago are forgotten. */
export function rememberSong(id, state) {
  const { [id]: _old, ...others } = settings().songs;
  const kept = Object.entries(others).slice(-(SONGS_REMEMBERED - 1));
  remember({ songs: { ...Object.fromEntries(kept), [id]: state } });
}
