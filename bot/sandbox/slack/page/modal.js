// The modal in front of the person. What was typed stays while block_id, action_id and type stay.
import { renderBlocks } from "./blocks.js";
import { byId, make } from "./dom.js";

const typed = new Map(); // view id -> {block_id: {action_id: state}}
let shownAs = "";

export function showModal(view, app) {
  const dialog = byId("modal");
  if (!view) {
    shownAs = "";
    if (dialog.open) dialog.close();
    return;
  }
  const description = JSON.stringify([view, app.state.me.id]);
  if (description === shownAs && dialog.open) return;
  shownAs = description;
  const focused = focusIn(dialog);
  const scrolled = dialog.querySelector(".modal-body")?.scrollTop ?? 0;
  dialog.replaceChildren(...content(view, app));
  dialog.oncancel = (event) => { event.preventDefault(); close(view, app); };
  if (!dialog.open) {
    dialog.showModal();
    dialog.querySelector(".field input, .field textarea, .field select, footer [type=submit]")?.focus();
  }
  dialog.querySelector(".modal-body").scrollTop = scrolled;
  restoreFocus(dialog, focused);
}

function content(view, app) {
  const close_ = () => close(view, app);
  const submit = view.submit ? make("button", { type: "submit", class: "button primary" }, view.submit.text) : null;
  return [
    make("header", {},
      make("h2", { id: "modal-title" }, view.title.text),
      make("button", { type: "button", class: "quiet", "aria-label": "Close this form", onclick: close_ }, "✕")),
    make("form", { noValidate: true, onsubmit: (event) => submitted(event, view, app) },
      make("div", { class: "modal-body" },
        view.trouble ? make("p", { class: "error", role: "alert" }, view.trouble) : null,
        ...renderBlocks(view.blocks, surfaceOf(view, app))),
      make("footer", {},
        make("button", { type: "button", class: "button", onclick: close_ }, view.close?.text ?? (view.submit ? "Cancel" : "Close")),
        submit)),
  ];
}

export function surfaceOf(view, app) {
  const place = { view_id: view.id };
  return {
    ...app.surface(place),
    errors: view.errors,
    stateOf(block, element) {
      const mine = typed.get(view.id)?.[block.block_id]?.[element.action_id];
      return mine?.type === element.type ? mine : view.state.values[block.block_id]?.[element.action_id];
    },
    keep(block, element, state) {
      const all = typed.get(view.id) ?? {};
      all[block.block_id] = { ...all[block.block_id], [element.action_id]: state };
      typed.set(view.id, all);
    },
    press: (block, element, state) => app.act("press", {
      ...place, block_id: block.block_id, action_id: element.action_id, state, values: typed.get(view.id) ?? {},
    }),
  };
}

async function submitted(event, view, app) {
  event.preventDefault();
  const button = event.target.querySelector("button[type=submit]");
  if (!button || button.disabled) return;
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  await app.act("submit", { view_id: view.id, values: typed.get(view.id) ?? {} }, { quiet: true });
  button.disabled = false;
  button.removeAttribute("aria-busy");
  // Whoever has gone on typing meanwhile is not called back.
  const here = document.activeElement;
  const isTyping = here?.closest?.("#modal .field");
  if (!isTyping) byId("modal").querySelector("[aria-invalid=true]")?.focus();
}

function close(view, app) {
  typed.delete(view.id);
  app.act("close", { view_id: view.id });
}

function focusIn(dialog) {
  const active = document.activeElement;
  if (!dialog.contains(active) || !active.dataset.key) return null;
  return { key: active.dataset.key, start: active.selectionStart ?? null, end: active.selectionEnd ?? null };
}

function restoreFocus(dialog, focused) {
  if (!focused) return;
  const target = dialog.querySelector(`[data-key="${CSS.escape(focused.key)}"]`);
  target?.focus();
  if (target && focused.start !== null && target.setSelectionRange) target.setSelectionRange(focused.start, focused.end);
}
