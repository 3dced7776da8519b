/** Downloads: a format, then each stem, all of them, or the mix as the sliders stand. */
import { element, openDialog } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { remember, settings } from "../shared/settings.js";
import { clock, stemName } from "../shared/words.js";
import { url } from "../server/api.js";

const FORMATS = { wav: "exact, large", flac: "exact, half the size", mp3: "small, plays anywhere" };

/**
 * What can be downloaded: [name, address] pairs.
 * @param {object} song of the API
 * @param {import("./mix.js").Mix} mix
 * @param {string} format
 */
export function downloads(song, mix, format) {
  const gains = Object.fromEntries(song.stems.map((stem) => [stem, mix.gain(stem).toFixed(3)]));
  const { loop } = mix;
  const stems = song.stems.map((stem) => [stemName(stem), url("songs", song.id, "stems", stem, { format, download: 1 })]);
  const all = [["All stems (zip)", url("songs", song.id, "zip", { format })]];
  const mixed = [["My mix, as the sliders stand", url("songs", song.id, "mix", { ...gains, format })]];
  if (loop) {
    const part = { start: loop.start.toFixed(3), end: loop.end.toFixed(3) };
    mixed.push([`My mix, the loop ${clock(loop.start)} – ${clock(loop.end)} only`, url("songs", song.id, "mix", { ...gains, format, ...part })]);
  }
  return [...stems, ...all, ...mixed];
}

/** Open the dialog. */
export function openDownloads(song, mix) {
  const list = element("ul.downloads");
  const show = () => {
    const { format } = settings();
    const links = downloads(song, mix, format).map(([name, address]) =>
      element("li", {}, element("a", { href: address, download: true }, icon("download"), element("span", {}, name), element("span.quiet", {}, format))),
    );
    list.replaceChildren(...links);
  };
  const option = (format) => {
    const box = element("input", { type: "radio", name: "format", value: format, checked: settings().format === format });
    box.addEventListener("change", () => {
      remember({ format });
      show();
    });
    return element("label", {}, box, element("strong", {}, format), element("span.quiet", {}, FORMATS[format]));
  };
  show();
  const formats = element("fieldset.formats", {}, element("legend.unseen", {}, "Format"), ...Object.keys(FORMATS).map(option));
  openDialog("Download", element("div.content", {}, formats, list));
}
