import { attempt } from "../shared/announce.js";
import { element, openDialog } from "../shared/dom.js";
import { songTitle } from "../shared/words.js";
import { api } from "../server/api.js";

/** Close the song where it is open, so that its player asks for nothing that is gone. */
async function leave(id) {
  if (location.hash !== `#/songs/${id}`) return;
  const left = new Promise((resolve) => addEventListener("hashchange", resolve, { once: true }));
  location.hash = "#/";
  await left;
}

/** Ask before a song goes. */
export function confirmDelete({ id, name }) {
  const remove = async () => {
    dialog.close();
    await leave(id);
    await attempt(() => api.remove(id));
    if (document.activeElement === document.body) document.getElementById("choose").focus(); // what had the focus is gone
  };
  const content = element(
    "div.content",
    {},
    element("p", {}, `“${songTitle(name)}” and its stems will be removed from the server.`),
    element(
      "div.buttons",
      {},
      element("button", { type: "button", onclick: () => dialog.close() }, "Keep it"),
      element("button.primary", { type: "button", onclick: remove }, "Delete"),
    ),
  );
  const dialog = openDialog("Delete this song?", content, { kind: "small" });
}
