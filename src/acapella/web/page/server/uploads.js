/** Sends files to the server, two at a time, each until it is there. */
import { failure, url } from "./api.js";

const AT_ONCE = 2;
const ATTEMPTS = 4;
const PAUSE_SECONDS = 2;

/**
 * @typedef {object} Upload
 * @property {string} id also the key by which the server knows a second attempt
 * @property {File} file
 * @property {"waiting"|"sending"|"failed"} state
 * @property {number} progress 0 to 1
 * @property {number|null} secondsLeft
 * @property {string|null} error
 */

export class Uploads extends EventTarget {
  /** @param {(song: object) => void} onSong called with the song that the server made of a file */
  constructor(onSong) {
    super();
    this.onSong = onSong;
    /** @type {Upload[]} */
    this.items = [];
  }

  /**
   * @param {Iterable<File>} files
   * @param {{model: string|null, stems: string|null}} choice
   */
  add(files, choice) {
    for (const file of files) {
      this.items.push({ id: randomKey(), file, choice, state: "waiting", progress: 0, secondsLeft: null, error: null });
    }
    this.#next();
  }

  cancel(upload) {
    this.items = this.items.filter((item) => item !== upload);
    upload.state = "cancelled";
    upload.request?.abort();
    this.#next();
  }

  retry(upload) {
    Object.assign(upload, { state: "waiting", error: null, progress: 0 });
    this.#next();
  }

  /** Whether files are still on their way. */
  get busy() {
    return this.items.some(({ state }) => state !== "failed");
  }

  #next() {
    const sending = this.items.filter(({ state }) => state === "sending").length;
    const waiting = this.items.filter(({ state }) => state === "waiting").slice(0, AT_ONCE - sending);
    for (const upload of waiting) this.#send(upload);
    this.#changed();
  }

  async #send(upload) {
    upload.state = "sending";
    try {
      const song = await this.#attempt(upload);
      this.items = this.items.filter((item) => item !== upload);
      this.onSong(song);
    } catch (error) {
      if (upload.state !== "cancelled") Object.assign(upload, { state: "failed", error: error.message });
    }
    this.#next();
  }

  /** Send until the server takes it: a full queue and a broken connection are worth another try. */
  async #attempt(upload) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#post(upload);
      } catch (error) {
        const full = error.status === 429;
        if (upload.state === "cancelled" || !(full || (error.status === 0 && attempt < ATTEMPTS))) throw error;
        Object.assign(upload, { error: full ? error.message : "The connection broke; trying again.", progress: 0 });
        this.#changed();
        await new Promise((resolve) => setTimeout(resolve, 1000 * (error.retryAfter ?? PAUSE_SECONDS * attempt)));
        if (upload.state === "cancelled") throw error;
      }
    }
  }

  #post(upload) {
    const { file, choice } = upload;
    const query = { name: file.name };
    if (choice.model) query.model = choice.model;
    if (choice.stems) query.stems = choice.stems;
    const request = new XMLHttpRequest();
    upload.request = request;
    const started = performance.now();
    request.upload.onprogress = ({ loaded, total }) => {
      const seconds = (performance.now() - started) / 1000;
      upload.progress = total ? loaded / total : 0;
      upload.secondsLeft = loaded ? (seconds * (total - loaded)) / loaded : null;
      upload.error = null;
      this.#changed();
    };
    return new Promise((resolve, reject) => {
      request.onload = () => {
        if (request.status < 300) resolve(JSON.parse(request.responseText));
        else reject(failure(request.status, request.responseText, request.getResponseHeader("Retry-After")));
      };
      request.onerror = request.onabort = () => reject(failure(0, ""));
      request.open("POST", url("songs", query));
      request.setRequestHeader("Idempotency-Key", upload.id);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.send(file);
    });
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/** 128 random bits; `crypto.randomUUID` is missing on pages without TLS. */
function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
