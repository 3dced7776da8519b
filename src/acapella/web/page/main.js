/** Puts the page together: songs from the server, files to it, and the song that is open. */
import { attempt } from "./shared/announce.js";
import { themeButton } from "./shared/theme.js";
import { remember } from "./shared/settings.js";
import { modelName, songTitle } from "./shared/words.js";
import { api, onUnauthorized } from "./server/api.js";
import { follow } from "./server/events.js";
import { Uploads } from "./server/uploads.js";
import { acceptFiles } from "./songs/drop.js";
import { SongList } from "./songs/list.js";
import { chosenModel, openModelDialog, uploadChoice } from "./songs/models.js";
import { SongStore } from "./songs/store.js";
import { askForToken } from "./songs/token-dialog.js";
import { ProgressView } from "./player/progress-view.js";
import { PlayerView } from "./player/view.js";

const WIDE = matchMedia("(min-width: 60rem)");
const byId = (id) => document.getElementById(id);

const store = new SongStore();
const uploads = new Uploads(onUploaded);
const list = new SongList(byId("songs"), store, uploads);
let models = [];
let view = null;

/** The song that the address names: "#/songs/ID". */
function addressedSong() {
  const match = /^#\/songs\/([\w-]+)$/.exec(location.hash);
  return match && match[1];
}

function onUploaded(song) {
  store.put(song);
  if (WIDE.matches && !view) location.hash = `#/songs/${song.id}`;
}

/** Separate a song again, with the model of the user's choice where there is one. */
function onRetry(song) {
  if (song.state !== "done" && models.length < 2) return attempt(() => api.retry(song.id));
  const current = models.some(({ name }) => name === song.model) ? song.model : undefined;
  return openModelDialog(models, { action: "Separate again", current }, (model) => attempt(() => api.retry(song.id, model)));
}

function showView(song) {
  view?.close();
  view = null;
  const place = byId("open");
  if (song) {
    view = new (song.state === "done" ? PlayerView : ProgressView)(song, { onRetry });
    place.replaceChildren(view.node);
  } else place.replaceChildren(byId("nothing-open").content.cloneNode(true));
  document.title = song ? `${songTitle(song.name)} – Acapella` : "Acapella";
}

/** Whether what is open shows this song: the same one, and done as before. */
function fits(shown, song) {
  if (!shown || !song) return !shown && !song;
  const done = song.state === "done";
  if (shown.song.id !== song.id || (shown instanceof PlayerView) !== done) return false;
  return !done || shown.song.finished === song.finished;
}

/** Make the page what the address and the songs say. */
function render() {
  const song = store.get(addressedSong());
  if (fits(view, song)) view?.update?.(song);
  else {
    showView(song);
    list.setOpen(song?.id ?? null);
  }
  const empty = store.loaded && store.list().length === 0 && uploads.items.length === 0;
  document.body.dataset.view = song ? "song" : empty ? "empty" : "list";
  byId("songs-heading").hidden = empty;
}

async function loadModels() {
  models = await api.models();
  showModel();
}

function showModel() {
  const model = chosenModel(models);
  byId("model").hidden = model === null;
  byId("model-name").textContent = model ? modelName(model.name) : "";
}

function chooseModel() {
  openModelDialog(models, { action: "Use for new songs", stems: true }, (model) => {
    remember({ model });
    showModel();
  });
}

function start() {
  byId("header-actions").append(themeButton());
  byId("choose").addEventListener("click", () => byId("files").click());
  byId("model").addEventListener("click", chooseModel);
  acceptFiles(byId("files"), (files) => uploads.add(files, uploadChoice(models)));
  store.addEventListener("change", render);
  uploads.addEventListener("change", render);
  addEventListener("hashchange", () => {
    render();
    byId("open").querySelector("h1")?.focus();
  });
  addEventListener("beforeunload", (event) => uploads.busy && event.preventDefault());
  const connection = follow(store, (connected) => (byId("offline").hidden = connected));
  onUnauthorized(() =>
    askForToken(() => {
      connection.restart();
      attempt(loadModels);
    }),
  );
  attempt(loadModels);
  showView(null);
  render();
}

start();
