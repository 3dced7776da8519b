/** One line of the list: a file on its way, or a song with what can be done with it. */
import { attempt } from "../shared/announce.js";
import { button, element, setText } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { clock, fileSize, reason, songTitle, stemName, timeLeft } from "../shared/words.js";
import { api } from "../server/api.js";
import { confirmDelete } from "./delete-dialog.js";

const percent = (progress) => `${Math.floor(100 * (progress ?? 0))} %`;
const joined = (...parts) => parts.filter(Boolean).join(", ");

/** What a song does now, in words. */
const SONG_STATES = {
  waiting: ({ position }) => (position === null ? "Waiting" : position <= 1 ? "Next in the queue" : `Number ${position} in the queue`),
  running: ({ progress, seconds_left }) => joined(`Separating, ${percent(progress)}`, timeLeft(seconds_left)),
  done: ({ duration, stems }) => [duration === null ? "" : clock(duration), stems.map(stemName).join(", ")].filter(Boolean).join(" · "),
  failed: reason,
  cancelled: () => "Cancelled",
};

/** What an upload does now. */
const UPLOAD_STATES = {
  waiting: ({ file }) => `Waiting to be sent, ${fileSize(file.size)}`,
  sending: ({ error, progress, secondsLeft }) => error ?? joined(`Sending, ${percent(progress)}`, timeLeft(secondsLeft)),
  failed: ({ error }) => error,
};

/** The sentence for a song's state. */
export function songStatus(song) {
  return SONG_STATES[song.state](song);
}

class Row {
  constructor(name) {
    this.title = element("span.title", {}, songTitle(name));
    this.status = element("span.status");
    this.bar = element("progress", { max: "1", "aria-label": `Progress of ${songTitle(name)}` });
    this.actions = element("div.actions");
    this.node = element("li.song");
    this.shown = "";
  }

  show(state, status, progress) {
    this.node.dataset.state = state;
    setText(this.status, status);
    this.bar.hidden = progress === null;
    if (progress !== null) this.bar.value = progress;
  }

  /** Change the buttons only when they differ, so that they keep the focus. */
  setActions(key, make) {
    if (key === this.shown) return;
    const hadFocus = this.actions.contains(document.activeElement);
    this.shown = key;
    this.actions.replaceChildren(...make());
    if (hadFocus) this.actions.querySelector("button")?.focus();
  }
}

export class SongRow extends Row {
  constructor(song) {
    super(song.name);
    this.link = element("a", { href: `#/songs/${song.id}` }, this.title, this.status);
    this.node.append(this.link, this.actions, this.bar);
    this.update(song);
  }

  /** @param {object} song @param {boolean} open whether it is the one in the player */
  update(song, open = false) {
    this.show(song.state, songStatus(song), song.state === "running" ? (song.progress ?? 0) : null);
    if (open) this.link.setAttribute("aria-current", "true");
    else this.link.removeAttribute("aria-current");
    this.setActions(song.state, () => this.#buttons(song));
  }

  #buttons({ id, name, state }) {
    const title = songTitle(name);
    const act = (drawing, label, action) => button(icon(drawing), { label: `${label} ${title}`, kind: "quiet", onclick: () => attempt(action) });
    if (state === "waiting" || state === "running") return [act("cross", "Cancel", () => api.cancel(id))];
    const remove = act("trash", "Delete", () => confirmDelete({ id, name }));
    return state === "done" ? [remove] : [act("again", "Try again:", () => api.retry(id)), remove];
  }
}

export class UploadRow extends Row {
  /** @param {import("../server/uploads.js").Uploads} uploads */
  constructor(uploads, upload) {
    super(upload.file.name);
    this.uploads = uploads;
    this.node.append(element("div.text", {}, this.title, this.status), this.actions, this.bar);
    this.update(upload);
  }

  update(upload) {
    const { state } = upload;
    this.show(state, UPLOAD_STATES[state]?.(upload) ?? "", state === "sending" ? upload.progress : null);
    this.setActions(state === "failed" ? "failed" : "busy", () => this.#buttons(upload));
  }

  #buttons(upload) {
    const title = songTitle(upload.file.name);
    const act = (drawing, label, action) => button(icon(drawing), { label: `${label} ${title}`, kind: "quiet", onclick: action });
    const cancel = act("cross", upload.state === "failed" ? "Dismiss" : "Cancel", () => this.uploads.cancel(upload));
    return upload.state === "failed" ? [act("again", "Send again:", () => this.uploads.retry(upload)), cancel] : [cancel];
  }
}
