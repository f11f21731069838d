// The message list. A message whose content did not change keeps its nodes, and with them focus and open menus.
import { renderBlocks } from "./blocks.js";
import { byId, link, make } from "./dom.js";
import { text } from "./markup.js";

const drawn = new Map(); // person/channel/ts -> {description, node}

let leftAt = 0; // where the page itself scrolled to last: whoever is still there has not scrolled away

export function showMessages(place, app) {
  const list = byId("messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80 || Math.abs(list.scrollTop - leftAt) < 2;
  const moved = list.dataset.place !== place.id + app.state.me.id;
  list.dataset.place = place.id + app.state.me.id;
  const messages = app.state.messages[place.id] ?? [];
  const nodes = messages.map((message) => nodeFor(message, app));
  if (!nodes.length) nodes.push(make("p", { class: "empty" }, `Nothing here yet. Try ${app.state.app.command} help.`));
  const isNew = nodes.at(-1) !== list.lastElementChild;
  reconcile(list, nodes);
  if (moved || (atEnd && isNew)) follow(list);
}

// The newest message at the bottom; one that is taller than the room, at its beginning: there stands its verdict.
function follow(list) {
  const last = list.lastElementChild;
  list.scrollTop = last.offsetHeight > list.clientHeight ? last.offsetTop - list.offsetTop : list.scrollHeight;
  leftAt = list.scrollTop;
}

function reconcile(list, nodes) {
  const wanted = new Set(nodes);
  for (const node of [...list.children]) if (!wanted.has(node)) node.remove();
  nodes.forEach((node, index) => {
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
  });
}

function nodeFor(message, app) {
  const key = `${app.state.me.id}/${message.channel}/${message.ts}`;
  const description = JSON.stringify(message);
  const before = drawn.get(key);
  if (before?.description === description) return before.node;
  const node = draw(message, app);
  drawn.set(key, { description, node });
  return node;
}

function draw(message, app) {
  const sent = new Date(Number(message.ts) * 1000);
  const clock = sent.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const surface = surfaceOf(message, app);
  const body = message.blocks.length && message.is_app
    ? renderBlocks(message.blocks, surface)
    : [make("div", { class: "block" }, ...text(message.text, surface.names))];
  return make("article", { class: message.is_ephemeral ? "message ephemeral" : "message", "aria-label": `${message.author}, ${clock}` },
    make("span", { class: message.is_app ? "avatar app" : "avatar", "aria-hidden": "true" }, initials(message.author)),
    make("div", { class: "content" },
      message.is_ephemeral ? make("p", { class: "only-you" }, "👁 Only visible to you") : null,
      make("header", {},
        make("strong", {}, message.author),
        message.is_app ? make("span", { class: "badge" }, "APP") : null,
        make("time", { dateTime: sent.toISOString(), title: sent.toLocaleString() }, clock),
        message.thread_ts ? make("span", { class: "thread" }, "in a thread") : null),
      ...body,
      message.edited ? make("span", { class: "edited" }, "(edited)") : null,
      ...(message.files ?? []).map((file) => make("p", { class: "file" }, "📄 ", link(file.url_private, file.title)))));
}

function initials(name) {
  return name.split(/\s+/).map((word) => word[0]).join("").slice(0, 2).toUpperCase();
}

function surfaceOf(message, app) {
  const place = { channel: message.channel, ts: message.ts };
  const values = structuredClone(message.values);
  return {
    ...app.surface(place),
    stateOf: (block, element) => values[block.block_id]?.[element.action_id] ?? initial(element),
    keep(block, element, state) {
      values[block.block_id] = { ...values[block.block_id], [element.action_id]: state };
    },
    press: (block, element, state) => app.act("press", {
      ...place, block_id: block.block_id, action_id: element.action_id, state,
    }),
  };
}

// A menu that nobody touched shows what it starts from.
function initial(element) {
  const starts = Object.entries(element).filter(([name]) => name.startsWith("initial_"));
  return Object.fromEntries(starts.map(([name, value]) => [
    name === "initial_value" ? "value" : name.replace("initial_", "selected_"), value,
  ]));
}
