/** The head of a song's page: its name, what it is, and what can be done with all of it. */
import { button, element } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { channelsName, clock, kilohertz, modelName, songTitle } from "../shared/words.js";

/**
 * @param {object} song of the API
 * @param {...HTMLElement} actions
 */
export function songHeader(song, ...actions) {
  const { duration, sample_rate: rate, channels, model } = song;
  const facts = [duration && clock(duration), rate && kilohertz(rate), channels && channelsName(channels), `${modelName(model)} model`].filter(Boolean);
  const back = element("a.back", { href: "#/", "aria-label": "All songs" }, icon("back"));
  const heading = element("h1", { tabindex: "-1" }, songTitle(song.name));
  const remarks = (song.remarks ?? []).map((remark) => element("p.remark", {}, remark));
  return element(
    "header.song-head",
    {},
    back,
    element("div.what", {}, heading, element("p.quiet", {}, facts.join(" · ")), ...remarks),
    element("div.actions", {}, ...actions),
  );
}

/** A button of the head. */
export function action(drawing, text, onclick, kind = "") {
  return button(icon(drawing), { label: text, text, kind, onclick });
}
