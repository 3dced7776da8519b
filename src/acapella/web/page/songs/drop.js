/** Choosing files and dropping them, anywhere on the page. */

/**
 * @param {HTMLInputElement} input of files
 * @param {(files: File[]) => void} onFiles
 */
export function acceptFiles(input, onFiles) {
  input.addEventListener("change", () => {
    onFiles([...input.files]);
    input.value = "";
  });
  const root = document.documentElement;
  const hasFiles = ({ dataTransfer }) => dataTransfer?.types.includes("Files") && !document.querySelector("dialog[open]");
  let depth = 0; // enter and leave come for every element below the pointer
  const mark = (change) => {
    depth = Math.max(0, depth + change);
    root.classList.toggle("dropping", depth > 0);
  };
  root.addEventListener("dragenter", (event) => hasFiles(event) && mark(1));
  root.addEventListener("dragleave", (event) => hasFiles(event) && mark(-1));
  root.addEventListener("dragover", (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
  root.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    mark(-depth);
    if (hasFiles(event)) onFiles([...event.dataTransfer.files]);
  });
}
