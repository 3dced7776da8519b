/** The page of a song that is not done: how far it is, or why it is not. */
import { attempt } from "../shared/announce.js";
import { element, setText } from "../shared/dom.js";
import { api } from "../server/api.js";
import { confirmDelete } from "../songs/delete-dialog.js";
import { songStatus } from "../songs/row.js";
import { action, songHeader } from "./header.js";

const BUSY = "You can close this page; the work goes on.";
const HINTS = {
  waiting: BUSY,
  running: BUSY,
  failed: "The file is kept: try again, or delete it.",
  cancelled: "The song is kept; it can be started again.",
};

export class ProgressView {
  /** @param {object} song @param {{onRetry: (song: object) => void}} actions */
  constructor(song, { onRetry }) {
    this.onRetry = onRetry;
    this.status = element("p.status", { role: "status" });
    this.bar = element("progress", { max: "1", "aria-label": "Progress" });
    this.hint = element("p.quiet");
    this.buttons = element("div.buttons");
    this.node = element("article.unfinished", {}, songHeader(song), element("div.middle", {}, this.status, this.bar, this.hint, this.buttons));
    this.update(song);
  }

  update(song) {
    this.song = song;
    this.node.dataset.state = song.state;
    setText(this.status, songStatus(song));
    setText(this.hint, HINTS[song.state]);
    this.bar.hidden = song.state !== "running";
    this.bar.value = song.progress ?? 0;
    if (song.state === this.state) return;
    this.state = song.state;
    const busy = song.state === "running" || song.state === "waiting";
    const cancel = action("cross", "Cancel", () => attempt(() => api.cancel(song.id)));
    const again = [action("again", "Try again", () => this.onRetry(song), "primary"), action("trash", "Delete", () => confirmDelete(song))];
    this.buttons.replaceChildren(...(busy ? [cancel] : again));
  }

  close() {}
}
