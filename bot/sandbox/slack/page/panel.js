// The stand-in API: what it holds, and what can be made to go wrong with the next call.
import { byId, make } from "./dom.js";
import { arm, fetchPanel } from "./server.js";

export async function showPanel() {
  const panel = await fetchPanel();
  byId("panel").hidden = !panel;
  if (!panel) return;
  byId("panel-body").replaceChildren(
    make("p", {}, make("code", {}, panel.url)),
    ...panel.lines.map((line) => make("p", {}, line)),
    ...panel.faults.map((fault) => make("button", {
      type: "button", class: "button", onclick: async () => { await arm(fault.name); await showPanel(); },
    }, fault.label)),
    make("button", { type: "button", class: "quiet", onclick: showPanel }, "Read again"));
}

byId("panel").addEventListener("toggle", () => { if (byId("panel").open) showPanel(); });
