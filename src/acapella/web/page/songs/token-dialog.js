import { element, openDialog } from "../shared/dom.js";
import { api } from "../server/api.js";

let open = false;

/** Ask for the server's token, once; a wrong one is said. @param {() => void} onSignedIn */
export function askForToken(onSignedIn) {
  if (open) return;
  open = true;
  const input = element("input", { type: "password", id: "token", autocomplete: "current-password", required: true, "aria-describedby": "token-problem" });
  const problem = element("p.problem", { id: "token-problem", role: "alert" });
  const form = element(
    "form.content",
    {},
    element("p", {}, "Whoever started it has it: it is what stands behind --token, or what the server printed at its start."),
    element("label", { for: "token" }, "Token"),
    input,
    problem,
    element("div.buttons", {}, element("button.primary", {}, "Sign in")),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await api.signIn(input.value);
      dialog.close();
      onSignedIn();
    } catch (error) {
      problem.textContent = error.status === 401 || error.status === 403 ? "This is not the token. Try again." : error.message;
      input.select();
    }
  });
  const dialog = openDialog("This server asks for a token", form, { kind: "small", closable: false });
  dialog.addEventListener("close", () => (open = false));
  input.focus();
}
