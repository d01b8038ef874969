// Shown until the first request has come: how to send one, from a program or from this page.

import { byId, el, fill } from "./dom.js";
import { askModel } from "./key.js";

const EXAMPLE = "Summarise in one sentence: the delivery is two days late, we are sorry and refund the postage.";

const base = () => new URL("v1", location.href).href;

let apiKey = "any";

const CODE = {
  Python: () => `from openai import OpenAI

client = OpenAI(base_url="${base()}", api_key="${apiKey}")
answer = client.chat.completions.create(
    model="auto",
    messages=[{"role": "user", "content": "Hello!"}],
)
print(answer.choices[0].message.content)`,
  JavaScript: () => `import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${base()}", apiKey: "${apiKey}" });
const answer = await client.chat.completions.create({
  model: "auto",
  messages: [{ role: "user", content: "Hello!" }],
});
console.log(answer.choices[0].message.content);`,
  curl: () => `curl -i ${base()}/chat/completions \\
  -H 'authorization: Bearer ${apiKey}' -H 'content-type: application/json' \\
  -d '{"model": "auto",
       "messages": [{"role": "user", "content": "Hello!"}]}'`,
};

export function showWelcome(node, status, sent) {
  apiKey = status.key_required ? "YOUR_KEY" : "any";
  if (!node.hasChildNodes()) fill(node, build(sent));
  fill(byId("welcome-sides"), sides(status));
}

function build(sent) {
  return el(
    "div.card.newcomer",
    {},
    el("h1", { id: "welcome-title" }, "Nothing has come through yet"),
    el(
      "p.story",
      {},
      "Point any OpenAI client at this gateway. Easy requests are answered by the small local model, hard ones go to the cloud, and this page shows what that saves. It fills by itself with the first request.",
    ),
    el(
      "div.ways",
      {},
      el("section", {}, el("h2", {}, "From your program"), codeTabs()),
      el("section", {}, el("h2", {}, "Or from here"), tryOut(sent)),
    ),
    el("div", { id: "welcome-sides" }),
  );
}

function codeTabs() {
  const pre = el("pre", { tabindex: "0" }, el("code", {}, CODE.Python()));
  const buttons = Object.keys(CODE).map((name, i) =>
    el(
      "button",
      {
        type: "button",
        "aria-pressed": String(i === 0),
        onclick: (event) => {
          for (const button of buttons) button.setAttribute("aria-pressed", String(button === event.currentTarget));
          pre.firstChild.textContent = CODE[name]();
        },
      },
      name,
    ),
  );
  const copy = el(
    "button",
    {
      type: "button",
      onclick: async () => {
        await navigator.clipboard.writeText(pre.textContent);
        copy.textContent = "Copied";
        setTimeout(() => (copy.textContent = "Copy"), 1500);
      },
    },
    "Copy",
  );
  return el(
    "div",
    {},
    el(
      "div.code-head",
      {},
      el("div.switch", { role: "group", "aria-label": "Language" }, buttons),
      navigator.clipboard ? copy : null,
    ),
    pre,
  );
}

function tryOut(sent) {
  const prompt = el("textarea", { id: "try-prompt", rows: 3, "aria-label": "A prompt to send" });
  prompt.value = EXAMPLE;
  const answer = el("p.answer", { id: "try-answer", role: "status" });
  const button = el("button.primary", { type: "button", id: "try-send" }, "Send it");
  button.addEventListener("click", async () => {
    button.disabled = true;
    answer.textContent = "Waiting for the answer …";
    try {
      const completion = await askModel("v1/chat/completions", {
        model: "auto",
        max_tokens: 120,
        messages: [{ role: "user", content: prompt.value }],
      });
      answer.textContent = completion.choices[0].message.content;
      await sent();
    } catch (error) {
      answer.textContent = error.message;
    } finally {
      button.disabled = false;
    }
  });
  return el("div.try", {}, prompt, el("div", {}, button), answer);
}

function sides(status) {
  const words = [];
  if (!status.local)
    words.push(
      "There is no local model: everything goes to the cloud, and nothing can be saved. Set local.enabled to true, or local.base_url to a server of yours.",
    );
  if (!status.cloud)
    words.push(
      "There is no cloud model yet: everything is answered locally. Set OPENAI_API_KEY and start again, and hard requests go to the cloud.",
    );
  return words.map((text) => el("p.note", {}, text));
}
