// The table of keys, a page at a time from the server, and what may be done with each.

import { showAccount } from "./account.js";
import { get } from "./api.js";
import { byId, el, fill } from "./dom.js";
import { revokeKey, rotateKey, showSecret } from "./keydialogs.js";
import { createKey, editKey } from "./keyform.js";
import { keyRows } from "./keyrows.js";
import { pager, showPager } from "./pager.js";

const PAGE = 20;
const TYPING_MS = 250;
const PREFIX_CHARS = 11; // of a secret, as far as the gateway knows it

const CLOSED = "From now on every call needs a key.";
const OPTIONAL = "Calls without a key may do everything here: keys.required is false.";

const state = { search: "", revoked: false, after: [], asked: 0, me: null, isFirst: false, reload: null };

export const paged = () => state.after.length > 0;

export function keysCard(reload) {
  state.reload = reload;
  const search = el("input", { type: "search", id: "key-search", autocomplete: "off", oninput: searched });
  const revoked = el("input", { type: "checkbox", id: "with-revoked", onchange: searched });
  return el(
    "section.card",
    { id: "keys-card", "aria-labelledby": "keys-title" },
    el(
      "div.heading.with-button",
      {},
      el("h2", { id: "keys-title" }, "Keys"),
      el("button.primary", { type: "button", id: "create-key", onclick: create }, "Create a key"),
    ),
    el("div", { id: "first-key", hidden: true }, firstKey()),
    el("p.warning", { id: "keys-optional", hidden: true }, OPTIONAL),
    el(
      "form.filters",
      { id: "key-filters", role: "search", onsubmit: (event) => event.preventDefault() },
      el("label", {}, "Search name, owner, team, tag or secret", search),
      el("label.check", {}, revoked, "with revoked ones"),
    ),
    el("div.scroll", { id: "key-table", tabindex: "0", role: "region", "aria-labelledby": "keys-title" }),
    pager("keys", newer, older),
  );
}

function firstKey() {
  return [
    el(
      "p",
      {},
      "This gateway has no keys: every program that reaches it may do everything, without telling who it is.",
    ),
    el(
      "ul.plain",
      {},
      [
        "A key tells callers apart: in reports, in budgets and limits, and in what may leave this machine.",
        "From the first key on, every call needs one, also after the last key is revoked. It must be an administrator's; you are logged in here with it at once.",
        "Then make a key for each of your programs, of role caller. Until it sends one, a program gets 401.",
      ].map((line) => el("li", {}, line)),
    ),
  ];
}

export async function askKeys() {
  state.asked += 1;
  const { asked } = state;
  const { search, revoked, after } = state;
  const page = await get("v1/keys", { limit: PAGE, after: after.at(-1), revoked: revoked || null, search });
  return { page, asked };
}

export function showKeys({ page, asked }, me, status) {
  if (asked !== state.asked) return; // another search or page was chosen meanwhile
  state.me = me;
  state.isFirst = status.next_key_closes;
  const searching = state.search !== "" || state.revoked || paged();
  byId("first-key").hidden = !state.isFirst;
  byId("keys-optional").hidden = status.key_required || state.isFirst;
  byId("key-filters").hidden = !searching && page.data.length === 0;
  showPager("keys", state.after, page.next, page.data.length ? null : noKeys(searching));
  fill(byId("key-table"), page.data.length > 0 && keyRows(page.data, actions));
}

function noKeys(searching) {
  if (searching) return "No key matches.";
  return state.isFirst ? "" : "No keys yet.";
}

function actions(key) {
  const button = (text, act) =>
    el(
      "button",
      { type: "button", "aria-label": `${text} ${key.name}`, onclick: () => act(key, opened(key, text)) },
      text,
    );
  return [
    button("Edit", editKey),
    button("Rotate", (each, { back }) => rotateKey(each, { back, done: (given) => withSecret(given, { back }) })),
    button("Revoke", (each, options) => revokeKey(each, { ...options, isOwn: each.id === state.me.key_id })),
  ];
}

// The button that was pressed, found again after the table was drawn anew; the first of all where its row has gone.
function opened(key, text) {
  const back = () =>
    document.querySelector(`[data-id="${key.id}"] [aria-label="${CSS.escape(`${text} ${key.name}`)}"]`) ??
    byId("create-key");
  return { back, done: state.reload };
}

function create() {
  const back = () => byId("create-key");
  createKey({
    isFirst: state.isFirst,
    back,
    done: (key) => (state.isFirst ? firstMade(key, back) : withSecret(key, { back })),
  });
}

async function firstMade(key, back) {
  if (key.isLoggedIn) {
    await showAccount();
    await withSecret(key, {
      note: `${CLOSED} You are logged in here with this one; make one for each program next.`,
      back,
    });
  } else showSecret(key, { note: `${CLOSED} So does this page: log in with this one.`, back });
}

async function withSecret(key, options) {
  showSecret(key, options);
  await state.reload();
}

let typing = null;

function searched() {
  clearTimeout(typing);
  typing = setTimeout(() => {
    const text = byId("key-search").value.trim();
    state.search = text.startsWith("sg-") ? text.slice(0, PREFIX_CHARS) : text; // nobody's whole secret is sent
    state.revoked = byId("with-revoked").checked;
    turnTo([]);
  }, TYPING_MS);
}

const older = (after) => turnTo([...state.after, after]);

const newer = () => turnTo(state.after.slice(0, -1));

function turnTo(after) {
  state.after = after;
  return state.reload();
}
