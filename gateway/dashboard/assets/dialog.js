// A dialog over the page. The browser keeps the keyboard inside, and closes it with Escape.

import { byId, el } from "./dom.js";

// The heading is focused first, so that no key pressed too early does anything. `back` finds what to focus afterwards:
// what opened the dialog may have been drawn anew meanwhile.
export function openDialog(id, title, attributes, back, ...content) {
  byId(id)?.remove();
  const heading = el("h2", { id: `${id}-title`, tabindex: "-1" }, title);
  const dialog = el("dialog", { id, "aria-labelledby": heading.id, ...attributes }, heading, ...content);
  dialog.addEventListener("close", () => {
    dialog.remove();
    back()?.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

// The buttons at the end of a dialog: one that closes it, and one that submits its form.
export function dialogButtons(submit, { danger = false } = {}) {
  return el(
    "div.buttons",
    {},
    el("button", { type: "button", onclick: (event) => event.target.closest("dialog").close() }, "Cancel"),
    el(danger ? "button.danger" : "button.primary", { type: "submit" }, submit),
  );
}

// Sends a form once at a time. `send` throws what `refused` then shows.
export function onSubmit(form, send, refused) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    try {
      await send();
    } catch (error) {
      refused(error);
    } finally {
      button.disabled = false;
    }
  });
}
