// Requests that change something need the gateway's key, which a browser does not send by itself: ask for it when needed.

import { useKey } from "./api.js";
import { byId, el } from "./dom.js";

export async function askForKey(action) {
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (error.status !== 401) throw error;
      const typed = await ask();
      if (typed === null) throw error;
      useKey(typed);
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
      el("h2", { id: "key-title" }, "The gateway's key"),
      el("p", {}, "Changes need the gateway's key (SLIMGATE_API_KEY). It stays in this tab until you close it."),
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
