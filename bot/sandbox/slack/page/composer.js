// The composer: Enter sends, Shift+Enter makes a line, `/` lists commands, arrow up brings back what was sent.
import { byId, make } from "./dom.js";

const sent = [];

// Until the first state is there nobody can be spoken for: the field stays disabled.
export function wireComposer(app) {
  const field = byId("typed");
  field.disabled = false;
  byId("composer").addEventListener("submit", (event) => { event.preventDefault(); send(app, field); });
  field.addEventListener("input", () => { grow(field); showHints(app, field); });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send(app, field);
    } else if (event.key === "Tab" && !byId("hints").hidden) {
      event.preventDefault();
      byId("hints").querySelector("[role=option]")?.dispatchEvent(new MouseEvent("mousedown"));
    } else if (event.key === "ArrowUp" && !field.value && sent.length) {
      event.preventDefault();
      put(field, sent.at(-1));
    } else if (event.key === "Escape") byId("hints").hidden = true;
  });
  field.addEventListener("blur", () => setTimeout(() => { byId("hints").hidden = true; }, 150));
}

async function send(app, field) {
  const text = field.value.trim();
  if (!text) return;
  sent.push(text);
  put(field, "");
  byId("hints").hidden = true;
  await app.act("send", { channel: app.place, text });
}

function put(field, text) {
  field.value = text;
  grow(field);
}

function grow(field) {
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, 160)}px`;
}

function showHints(app, field) {
  const typed = field.value.toLowerCase();
  const matching = typed.startsWith("/")
    ? app.state.hints.filter((hint) => hint.text.toLowerCase().startsWith(typed.trimEnd()) || app.state.app.command.startsWith(typed))
    : [];
  byId("hints").hidden = !matching.length;
  byId("hints").replaceChildren(...matching.map((hint) => make("li", {
    role: "option",
    onmousedown: (event) => { event.preventDefault(); put(field, hint.text); field.focus(); },
  }, make("span", {}, hint.text), make("small", {}, hint.about))));
}
