/** The server's API. Every failure is an error whose message is a sentence for people. */

const BASE = new URL("api/v1/", document.baseURI);

export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {number} status of HTTP; 0: the server was not reached
   * @param {number|null} retryAfter seconds
   */
  constructor(message, status, retryAfter = null) {
    super(message);
    Object.assign(this, { status, retryAfter });
  }
}

const listeners = { unauthorized: () => {} };

/** Call `listener` when the server asks for a token. */
export function onUnauthorized(listener) {
  listeners.unauthorized = listener;
}

/** The address of a resource: url("songs", id, "peaks", stem, {points: 2000}). */
export function url(...parts) {
  const query = typeof parts.at(-1) === "object" ? parts.pop() : {};
  const address = new URL(parts.map(encodeURIComponent).join("/"), BASE);
  for (const [key, value] of Object.entries(query)) address.searchParams.set(key, value);
  return address.href;
}

/** Why a request failed, of its status and its body. */
export function failure(status, body, retryAfter = null) {
  if (status === 401) listeners.unauthorized();
  let detail = null;
  try {
    detail = JSON.parse(body).detail;
  } catch {
    // not from our server: a proxy, or no answer at all
  }
  const unreached = "The server does not answer. Is it still running?";
  const sentence = typeof detail === "string" ? detail : status ? `The server refused this (status ${status}).` : unreached;
  return new ApiError(sentence, status, retryAfter === null ? null : Number(retryAfter));
}

/**
 * Send a request.
 * @returns {Promise<Response>} a good one
 */
export async function request(address, options = {}) {
  let response;
  try {
    response = await fetch(address, options);
  } catch (error) {
    throw error.name === "AbortError" ? error : failure(0, "");
  }
  if (!response.ok) throw failure(response.status, await response.text(), response.headers.get("Retry-After"));
  return response;
}

const json = async (address, options) => (await request(address, options)).json();

export const api = {
  models: () => json(url("models")),
  songs: (after) => json(url("songs", after ? { limit: 200, after } : { limit: 200 })),
  cancel: (id) => json(url("songs", id, "cancel"), { method: "POST" }),
  retry: (id, model) => json(url("songs", id, "retry", model ? { model } : {}), { method: "POST" }),
  remove: (id) => request(url("songs", id), { method: "DELETE" }),
  peaks: (id, stem, points, signal) => json(url("songs", id, "peaks", stem, { points }), { signal }),
  spectrogram: (id, stem, signal) => request(url("songs", id, "spectrogram", stem), { signal }),
  signIn(token) {
    const headers = { "Content-Type": "application/json" };
    return request(url("session"), { method: "POST", headers, body: JSON.stringify({ token }) });
  },
};
