// Notes in `readyAt` when the page is ready: songs and models were read and are shown. Milliseconds since the navigation began.
new MutationObserver((_, observer) => {
  const model = document.getElementById("model");
  const songs = document.body?.dataset.view === "empty" || document.querySelector("#songs li");
  if (!model || model.hidden || !songs) return;
  observer.disconnect();
  window.readyAt = performance.now();
}).observe(document, { subtree: true, childList: true, attributes: true });
