// Slack's confirmation dialog. Resolves to what the person said.
import { byId, make } from "./dom.js";
import { text } from "./markup.js";

export function confirmed(dialog, surface) {
  const box = byId("confirm");
  return new Promise((resolve) => {
    const done = (answer) => { box.close(); resolve(answer); };
    box.oncancel = () => resolve(false);
    box.replaceChildren(
      make("h2", { id: "confirm-title" }, dialog.title.text),
      make("p", { id: "confirm-text" }, ...text(dialog.text.text, surface.names)),
      make("footer", {},
        make("button", { type: "button", class: "button", onclick: () => done(false) }, dialog.deny.text),
        make("button", { type: "button", class: `button ${dialog.style ?? "primary"}`, onclick: () => done(true) }, dialog.confirm.text)));
    box.showModal();
  });
}
