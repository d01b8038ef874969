// A request to this gateway as code to copy, in several languages.

import { el } from "./dom.js";

const COPIED_MS = 1500;

const base = () => new URL("v1", location.href).href;

const CODE = {
  Python: (key, model) => `from openai import OpenAI

client = OpenAI(base_url="${base()}", api_key="${key}")
answer = client.chat.completions.create(
    model="${model}",
    messages=[{"role": "user", "content": "Hello!"}],
)
print(answer.choices[0].message.content)`,
  JavaScript: (key, model) => `import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${base()}", apiKey: "${key}" });
const answer = await client.chat.completions.create({
  model: "${model}",
  messages: [{ role: "user", content: "Hello!" }],
});
console.log(answer.choices[0].message.content);`,
  curl: (key, model) => `curl -i ${base()}/chat/completions \\
  -H 'authorization: Bearer ${key}' -H 'content-type: application/json' \\
  -d '{"model": "${model}",
       "messages": [{"role": "user", "content": "Hello!"}]}'`,
};

export function codeTabs(key, model = "auto") {
  const pre = el("pre", { tabindex: "0" }, el("code", {}, CODE.Python(key, model)));
  const buttons = Object.keys(CODE).map((name, i) =>
    el(
      "button",
      {
        type: "button",
        "aria-pressed": String(i === 0),
        onclick: (event) => {
          for (const button of buttons) button.setAttribute("aria-pressed", String(button === event.currentTarget));
          pre.firstChild.textContent = CODE[name](key, model);
        },
      },
      name,
    ),
  );
  return el(
    "div",
    {},
    el(
      "div.code-head",
      {},
      el("div.switch", { role: "group", "aria-label": "Language" }, buttons),
      copyButton(() => pre.textContent),
    ),
    pre,
  );
}

// Browsers have a clipboard only for pages from https or from this machine; elsewhere there is no button.
export function copyButton(text, attributes = {}) {
  if (!navigator.clipboard) return null;
  const copy = async () => {
    await navigator.clipboard.writeText(text());
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), COPIED_MS);
  };
  const button = el("button", { type: "button", onclick: copy, ...attributes }, "Copy");
  return button;
}
