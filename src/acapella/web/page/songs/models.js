/** The models that are installed, and the one that new songs get. */
import { element, openDialog } from "../shared/dom.js";
import { remember, settings } from "../shared/settings.js";
import { modelName, stemName } from "../shared/words.js";

/** @typedef {{name: string, description: string, stems: string[], licence: string, credit: string,
 *   gflop_per_second: number|null, vocals_sdr: number|null, default: boolean}} Model */

/** The model of the settings, or the default one where that is not installed. @param {Model[]} models */
export function chosenModel(models) {
  const { model } = settings();
  return models.find(({ name }) => name === model) ?? models.find((one) => one.default) ?? models[0] ?? null;
}

/** What an upload asks for. @param {Model[]} models */
export function uploadChoice(models) {
  const model = chosenModel(models);
  const all = model !== null && hasMoreStems(model) && settings().stems === "all";
  const parts = (model?.stems ?? []).filter((stem) => stem !== "instrumental"); // which is the sum of the others
  return { model: model?.name ?? null, stems: all ? parts.join(",") : null };
}

const hasMoreStems = ({ stems }) => stems.some((stem) => stem !== "vocal" && stem !== "instrumental");

/** What a model costs, in words: its work, and how many times that of the lightest. */
function cost({ gflop_per_second: work }, models) {
  if (work === null) return null;
  const amount = `${work.toLocaleString("en", { maximumSignificantDigits: 3 })} GFLOP for a second of song`;
  if (models.length === 1) return amount;
  const times = work / Math.min(...models.map((model) => model.gflop_per_second ?? Infinity));
  return `${amount}, ${times < 1.5 ? "the quickest" : `${times.toFixed(times < 10 ? 1 : 0)} times the work of the quickest`}`;
}

/**
 * Choose a model.
 * @param {Model[]} models
 * @param {object} options
 * @param {string} options.action what the button says
 * @param {string} [options.current] name of the model that is chosen at first
 * @param {boolean} [options.stems] whether to ask for the stems, too
 * @param {(name: string) => void} onChoice
 */
export function openModelDialog(models, { action, current = chosenModel(models)?.name, stems = false }, onChoice) {
  const cards = models.map((model) => modelCard(model, models, model.name === current));
  const choice = stemsChoice();
  const form = element(
    "form.content",
    { method: "dialog" },
    element("fieldset.models", {}, element("legend.unseen", {}, "Model"), ...cards),
    models.length === 1 ? element("p.quiet", {}, ...MORE_MODELS()) : null,
    stems ? choice : null,
    element("div.buttons", {}, element("button.primary", {}, action)),
  );
  const chosen = () => models.find(({ name }) => name === new FormData(form).get("model"));
  const update = () => (choice.hidden = !hasMoreStems(chosen()));
  form.addEventListener("change", update);
  form.addEventListener("submit", () => {
    if (stems) remember({ stems: new FormData(form).get("stems") });
    onChoice(chosen().name);
  });
  update();
  openDialog("Model", form);
}

/** Where no other is installed. */
const MORE_MODELS = () => [
  "Other models are better, and slower: ",
  element("code", {}, "acapella models"),
  " in a terminal lists and installs them.",
];

/** A line of a card; null where it would be empty. */
const line = (tag, label, text) => (text ? element(tag, {}, label + text) : null);

function modelCard(model, models, checked) {
  const quality = model.vocals_sdr === null ? null : `SDR of vocals ${model.vocals_sdr.toFixed(1)} dB`;
  const facts = [model.stems.map(stemName).join(", "), cost(model, models), quality].filter(Boolean);
  return element(
    "label.model",
    {},
    element("input", { type: "radio", name: "model", value: model.name, checked, required: true }),
    element(
      "span.facts",
      {},
      element("strong", {}, modelName(model.name)),
      line("span", "", model.description),
      line("span.quiet", "", facts.join(" · ")),
      line("span.quiet", "Licence of the weights: ", model.licence),
      line("span.quiet", "Credit: ", model.credit),
    ),
  );
}

function stemsChoice() {
  const option = (value, text) =>
    element("label", {}, element("input", { type: "radio", name: "stems", value, checked: settings().stems === value }), text);
  return element(
    "fieldset.stems",
    {},
    element("legend", {}, "Stems"),
    option("two", "Vocals and instrumental"),
    option("all", "All that the model has"),
  );
}
