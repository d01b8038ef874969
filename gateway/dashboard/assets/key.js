// Requests that ask a model need a key, and a login is none, so that no page can spend money: ask for it when needed.

import { postWithKey } from "./api.js";
import { byId, el } from "./dom.js";

let key = null; // as typed; kept in this tab's memory only

export async function askModel(path, body) {
  for (;;) {
    try {
      return await postWithKey(path, body, key);
    } catch (error) {
      if (error.status !== 401) throw error;
      key = await ask();
      if (key === null) throw error;
    }
  }
}

function ask() {
  byId("key-dialog")?.remove();
  const input = el("input", { type: "password", id: "key-input", autocomplete: "off", required: true });
  const dialog = el(
    "dialog",
    { id: "key-dialog", "aria-labelledby": "key-title" },
    el(
      "form",
      {},
      el("h2", { id: "key-title" }, "A key"),
      el(
        "p",
        {},
        "Asking a model may cost money, so it needs a key; the login of this page is not enough. The key stays in this tab until you close it.",
      ),
      el("label", {}, "Key ", input),
      el(
        "div.buttons",
        {},
        el("button", { type: "button", value: "no" }, "Cancel"),
        el("button.primary", { type: "submit" }, "Go on"),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    const done = (value) => {
      dialog.remove();
      resolve(value);
    };
    dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      done(input.value);
    });
    dialog.querySelector("[value=no]").addEventListener("click", () => done(null));
    dialog.addEventListener("cancel", () => done(null));
  });
}
