// The login page: sends the key, and says why if that does not open the page.

import { byId } from "./dom.js";

const field = byId("key");
const button = document.querySelector("#login button");

async function logIn() {
  const response = await fetch("v1/session", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ key: field.value.trim() }),
  }).catch(() => null);
  if (response?.ok) return location.replace(`dashboard${location.hash}`);
  const body = await response?.json().catch(() => null);
  return refuse(body?.error?.message ?? "The gateway does not answer. Try again.");
}

function refuse(why) {
  byId("said").textContent = why;
  field.setAttribute("aria-invalid", "true");
  field.select();
  field.focus();
}

field.focus(); // all that there is to do here
byId("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  await logIn();
  button.disabled = false;
});
