// Turning the pages of a list that the server gives out a page at a time, newest first.

import { byId, el, say } from "./dom.js";
import { count } from "./format.js";

// `older` is told where the page after this one begins.
export function pager(name, newer, older) {
  const turn = (id, text, onclick) => el("button", { type: "button", id, onclick, disabled: true }, text);
  return el(
    "div.pager",
    {},
    turn(`${name}-newer`, "← Newer", newer),
    el("span", { id: `${name}-note`, role: "status" }),
    turn(`${name}-older`, "Older →", (event) => older(event.currentTarget.dataset.after)),
  );
}

// `after` are the beginnings of the pages turned so far; `note` is said in place of the page's number.
export function showPager(name, after, next, note) {
  const [newer, older] = [byId(`${name}-newer`), byId(`${name}-older`)];
  newer.disabled = after.length === 0;
  older.disabled = next === null;
  older.dataset.after = next ?? "";
  newer.hidden = older.hidden = newer.disabled && older.disabled;
  say(byId(`${name}-note`), note ?? (newer.hidden ? "" : `Page ${count(after.length + 1)}`));
}
