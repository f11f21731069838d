// Block Kit as nodes. `surface` says where the blocks stand and how their controls act: see controls.js.
import { control } from "./controls.js";
import { make, safeUrl } from "./dom.js";
import { emoji, markdown, richText, text } from "./markup.js";

export function renderBlocks(blocks, surface) {
  return blocks.map((block) => renderers[block.type]?.(block, surface) ?? unknown(block));
}

export function textNodes(object, surface) {
  return object.type === "mrkdwn" ? text(object.text, surface.names) : [document.createTextNode(emoji(object.text))];
}

const unknown = (block) => make("p", { class: "unknown" }, `A block of type ${block.type}`);

const renderers = {
  section(block, surface) {
    const body = make("div", { class: "section-text" });
    if (block.text) body.append(make("div", {}, ...textNodes(block.text, surface)));
    if (block.fields) {
      body.append(make("div", { class: "fields" }, ...block.fields.map((f) => make("div", {}, ...textNodes(f, surface)))));
    }
    const beside = block.accessory ? make("div", { class: "accessory" }, accessory(block, surface)) : null;
    return make("div", { class: "block section" }, body, beside);
  },
  header: (block) => make("h3", { class: "block header" }, emoji(block.text.text)),
  divider: () => make("hr", { class: "block" }),
  context(block, surface) {
    const parts = block.elements.map((element) =>
      element.type === "image" ? image(element) : make("span", {}, ...textNodes(element, surface)));
    return make("div", { class: "block context" }, ...parts);
  },
  actions(block, surface) {
    return make("div", { class: "block actions" }, ...block.elements.map((element) => control(block, element, surface)));
  },
  input: (block, surface) => field(block, surface),
  image(block) {
    const caption = block.title ? make("figcaption", {}, emoji(block.title.text)) : null;
    return make("figure", { class: "block" }, caption, image(block));
  },
  rich_text: (block, surface) => make("div", { class: "block" }, richText(block, surface.names)),
  markdown: (block) => make("div", { class: "block" }, markdown(block.text)),
  table: (block, surface) => table(block, surface, block.rows.length),
  data_table: (block, surface) => table(block, surface, block.page_size ?? 5),
  data_visualization: (block) => chart(block),
  context_actions: () => make("div"),
};

function accessory(block, surface) {
  return block.accessory.type === "image" ? image(block.accessory) : control(block, block.accessory, surface);
}

function image(element) {
  return make("img", { src: safeUrl(element.image_url ?? "") ?? "data:,", alt: element.alt_text, loading: "lazy" });
}

const GROUPS = new Set(["checkboxes", "radio_buttons", "multi_static_select"]);

function field(block, surface) {
  const isGroup = GROUPS.has(block.element.type);
  const id = surface.fieldId(block, block.element);
  const optional = block.optional ? make("span", { class: "optional" }, " (optional)") : null;
  const error = surface.errors?.[block.block_id];
  const label = make(isGroup ? "legend" : "label", isGroup ? {} : { htmlFor: id }, emoji(block.label.text), optional);
  return make(isGroup ? "fieldset" : "div", { class: error ? "block field wrong" : "block field" },
    label,
    control(block, block.element, surface, { id, error: Boolean(error) }),
    error ? make("p", { class: "error", role: "alert", id: `${id}-error` }, error) : null,
    block.hint ? make("p", { class: "hint" }, emoji(block.hint.text)) : null);
}

function table(block, surface, shownAtFirst) {
  const [head, ...rows] = block.rows;
  const cells = (row, tag) => row.map((cell) => make(tag, cell.type === "raw_number" ? { class: "number" } : {}, cellNode(cell, surface)));
  const body = make("tbody", {}, ...rows.map((row, index) => make("tr", { hidden: index >= shownAtFirst }, ...cells(row, "td"))));
  const shown = make("table", {},
    block.caption ? make("caption", {}, block.caption) : null,
    make("thead", {}, make("tr", {}, ...cells(head, "th"))), body);
  const wrap = make("div", { class: "block table", tabIndex: 0, role: "region", "aria-label": block.caption ?? "Table" }, shown);
  if (rows.length > shownAtFirst) {
    wrap.append(make("button", {
      type: "button", class: "quiet",
      onclick: (event) => {
        for (const row of body.rows) row.hidden = false;
        event.target.remove();
      },
    }, `Show all ${rows.length} rows`));
  }
  return wrap;
}

function cellNode(cell, surface) {
  if (cell.type === "rich_text") return richText(cell, surface.names);
  return document.createTextNode(String(cell.text ?? cell.value ?? ""));
}

function chart(block) {
  const series = block.chart.segments ? [{ name: "", data: block.chart.segments }] : block.chart.series;
  const largest = Math.max(...series.flatMap((one) => one.data.map((point) => Math.abs(point.value))), 1e-9);
  const bars = series.flatMap((one) => one.data.map((point) => bar(one.name, point, largest)));
  return make("figure", { class: "block chart" }, make("figcaption", {}, block.title), make("dl", {}, ...bars.flat()));
}

function bar(name, point, largest) {
  const fill = make("span", { class: "bar" });
  fill.style.width = `${(Math.abs(point.value) / largest) * 70}%`;
  return [make("dt", {}, name ? `${point.label} · ${name}` : point.label), make("dd", {}, fill, String(point.value))];
}
