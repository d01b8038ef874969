// Builds the page. Text becomes text nodes, so that a caller's model name can never become markup.

export function el(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [attribute, value] of Object.entries(attributes)) {
    if (attribute.startsWith("on")) node.addEventListener(attribute.slice(2), value);
    else if (attribute === "style") setStyle(node, value);
    else if (value === true) node.setAttribute(attribute, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(attribute, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function setStyle(node, properties) {
  for (const [property, value] of Object.entries(properties)) node.style.setProperty(property, value);
}

export const byId = (id) => document.getElementById(id);

// Replaces a node's content and keeps the keyboard focus on the same element.
export function fill(node, ...children) {
  const place = focusedPlace(node);
  node.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  place?.()?.focus({ preventScroll: true });
  return node;
}

// Screen readers read a live region aloud whenever it is written, so it is written only when its text changes.
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const FOCUSABLE = "a, button, input, select, textarea, summary";

// How to find the focused element again within `node`: by its row's request, or else by its position.
function focusedPlace(node) {
  const held = document.activeElement;
  if (!held || held === node || !node.contains(held)) return null;
  const id = held.closest("[data-id]")?.dataset.id;
  if (id) return () => node.querySelector(`[data-id="${CSS.escape(id)}"]`)?.querySelector(FOCUSABLE);
  const turn = [...node.querySelectorAll(FOCUSABLE)].indexOf(held);
  return () => node.querySelectorAll(FOCUSABLE)[turn];
}
