// Runs before the first paint: a page that is dark by choice does not flash.
try {
  document.documentElement.dataset.theme = JSON.parse(localStorage.getItem("acapella") ?? "{}").theme ?? "auto";
} catch {
  document.documentElement.dataset.theme = "auto";
}
