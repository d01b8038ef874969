// Who is logged in, signing out, and the list of logins. Nothing of it shows on a gateway that needs no key.

import { get, remove, whoAmI } from "./api.js";
import { byId, el, fill } from "./dom.js";
import { moment } from "./format.js";

export async function showAccount() {
  const { csrf, name, role } = await whoAmI().catch(() => ({ csrf: null }));
  if (csrf === null) return;
  byId("who").textContent = `${name}, ${role}`;
  byId("who").addEventListener("click", showLogins);
  byId("sign-out").addEventListener("click", signOut);
  byId("account").hidden = false;
}

async function signOut() {
  await remove("v1/session");
  location.replace("login");
}

async function showLogins() {
  byId("logins-dialog")?.remove();
  const list = el("ul.logins");
  const said = el("p.bad", { role: "alert" });
  const dialog = el(
    "dialog",
    { id: "logins-dialog", "aria-labelledby": "logins-title" },
    el(
      "form",
      { method: "dialog" },
      el("h2", { id: "logins-title" }, "Logins"),
      list,
      said,
      el("div.buttons", {}, el("button", { type: "submit" }, "Close")),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  await showIn(list, said);
}

async function showIn(list, said) {
  try {
    const { data } = await get("v1/sessions");
    fillLogins(list, data, said);
  } catch (error) {
    said.textContent = error.message;
  }
}

export function fillLogins(list, data, said) {
  fill(list, ...data.map((login) => item(login, list, said)));
}

function item(login, list, said) {
  const end = async () => {
    said.textContent = "";
    try {
      await remove(`v1/sessions/${login.id}`);
    } catch (error) {
      said.textContent = error.message;
    }
    await showIn(list, said);
  };
  return el(
    "li",
    { "data-id": login.id },
    el(
      "div",
      {},
      el("b", {}, login.name),
      login.current ? " (this one)" : "",
      el("p.note", {}, `from ${login.address}, since ${moment(login.created)}, last used ${moment(login.seen)}`),
      el("p.note", {}, login.agent),
    ),
    login.current ? null : el("button", { type: "button", onclick: end }, "End"),
  );
}
