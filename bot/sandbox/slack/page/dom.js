// Elements without HTML strings: everything that others wrote goes in as text.

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name in element && !name.startsWith("aria")) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export const byId = (id) => document.getElementById(id);

export function safeUrl(url) {
  return /^(https?:|mailto:)/i.test(url) ? url : null;
}

export function link(url, ...children) {
  const target = safeUrl(url);
  if (!target) return make("span", {}, ...children);
  return make("a", { href: target, target: "_blank", rel: "noopener noreferrer" }, ...children);
}
