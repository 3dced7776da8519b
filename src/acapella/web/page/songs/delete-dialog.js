import { attempt } from "../shared/announce.js";
import { element, openDialog } from "../shared/dom.js";
import { songTitle } from "../shared/words.js";
import { api } from "../server/api.js";

/** Ask before a song goes. */
export function confirmDelete({ id, name }) {
  const remove = async () => {
    dialog.close();
    await attempt(() => api.remove(id));
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
