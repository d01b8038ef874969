// Building the page. Text becomes text nodes, so nothing a caller named can become markup.

export function el(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [attribute, value] of Object.entries(attributes)) {
    if (attribute.startsWith("on")) node.addEventListener(attribute.slice(2), value);
    else if (attribute === "style") Object.entries(value).forEach(([property, setting]) => node.style.setProperty(property, setting));
    else if (value === true) node.setAttribute(attribute, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(attribute, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const byId = (id) => document.getElementById(id);

export function fill(node, ...children) {
  node.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}
