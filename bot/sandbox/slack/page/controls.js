// Interactive elements. A `surface` offers: names, people, channels, place (what identifies it to the server),
// stateOf(block, element), keep(block, element, state), press(block, element, state), suggest(block, element, typed).
import { confirmed } from "./confirm.js";
import { make } from "./dom.js";
import { emoji } from "./markup.js";

const VALUE = {
  plain_text_input: "value", email_text_input: "value", url_text_input: "value", number_input: "value",
  static_select: "selected_option", external_select: "selected_option", radio_buttons: "selected_option",
  users_select: "selected_user", channels_select: "selected_channel", conversations_select: "selected_conversation",
  datepicker: "selected_date", timepicker: "selected_time", datetimepicker: "selected_date_time",
  checkboxes: "selected_options", multi_static_select: "selected_options", multi_external_select: "selected_options",
  multi_users_select: "selected_users", multi_channels_select: "selected_channels",
  multi_conversations_select: "selected_conversations",
};

export function control(block, element, surface, field = {}) {
  const props = {
    id: field.id, "data-key": surface.fieldId(block, element),
    "aria-label": field.id ? undefined : element.accessibility_label ?? element.placeholder?.text ?? block.text?.text ?? "Choose",
    "aria-invalid": field.error ? "true" : undefined, "aria-describedby": field.error ? `${field.id}-error` : undefined,
  };
  return (kinds[element.type] ?? unknown)({ block, element, surface, props });
}

const unknown = ({ element }) => make("span", { class: "unknown" }, `A control of type ${element.type}`);

function valueOf({ block, element, surface }) {
  return surface.stateOf(block, element)?.[VALUE[element.type]] ?? null;
}

async function chosen(at, value) {
  const state = { type: at.element.type, [VALUE[at.element.type]]: value };
  const delivers = at.block.type !== "input" || at.block.dispatch_action;
  if (delivers && at.element.confirm && !(await confirmed(at.element.confirm, at.surface))) return;
  at.surface.keep(at.block, at.element, state);
  if (delivers) at.surface.press(at.block, at.element, state);
}

function button({ block, element, surface, props }) {
  const { text, value, style, url } = element;
  return make("button", {
    type: "button", class: `button ${style ?? ""}`, "data-key": props["data-key"], "aria-label": element.accessibility_label,
    onclick: async () => {
      if (element.confirm && !(await confirmed(element.confirm, surface))) return;
      if (url) window.open(url, "_blank", "noopener");
      surface.press(block, element, Object.fromEntries(Object.entries({ text, value, style, url }).filter(([, v]) => v !== undefined)));
    },
  }, emoji(text.text));
}

function overflow({ block, element, surface, props }) {
  const list = make("ul", { class: "menu", role: "menu", hidden: true }, ...element.options.map((option) =>
    make("li", { role: "none" }, make("button", {
      type: "button", role: "menuitem",
      onclick: async () => {
        list.hidden = true;
        if (element.confirm && !(await confirmed(element.confirm, surface))) return;
        surface.press(block, element, { selected_option: option });
      },
    }, emoji(option.text.text)))));
  const opener = make("button", {
    type: "button", class: "button", "aria-label": "More actions", "aria-haspopup": "menu", "data-key": props["data-key"],
    onclick: () => { list.hidden = !list.hidden; },
  }, "⋯");
  return make("span", { class: "overflow", onkeydown: (event) => { if (event.key === "Escape") list.hidden = true; } }, opener, list);
}

function nativeSelect(at, groups, fromValue) {
  const current = valueOf(at);
  const options = ([label, entries]) => {
    const made = entries.map(({ value, text }) => make("option", { value, selected: value === fromValue(current) }, text));
    return label ? make("optgroup", { label }, ...made) : made;
  };
  const empty = make("option", { value: "" }, at.element.placeholder?.text ?? "Choose an option");
  return make("select", { ...at.props, onchange: (event) => at.pick(event.target.value || null) }, empty, ...groups.flatMap(options));
}

function staticSelect(at) {
  const groups = at.element.option_groups ?? [{ options: at.element.options }];
  const all = groups.flatMap((group) => group.options);
  at.pick = (value) => chosen(at, all.find((option) => option.value === value) ?? null);
  const entries = groups.map((group) => [
    group.label?.text, group.options.map((option) => ({ value: option.value, text: emoji(option.text.text) })),
  ]);
  return nativeSelect(at, entries, (current) => current?.value);
}

const idSelect = (list) => (at) => {
  at.pick = (value) => chosen(at, value);
  return nativeSelect(at, [[null, list(at.surface, at.element)]], (current) => current);
};

const people = (surface) => surface.people.map((one) => ({ value: one.id, text: one.real_name }));
const channels = (surface) => surface.channels.map((one) => ({ value: one.id, text: `#${one.name}` }));
// A filter without "im" leaves people out, as Slack does.
const conversations = (surface, element) => {
  const wanted = element.filter?.include ?? ["public", "private", "im"];
  const open = surface.channels.filter((one) => wanted.includes(one.is_private ? "private" : "public"));
  return [...channels({ channels: open }), ...(wanted.includes("im") ? people(surface) : [])];
};

function boxes(at, entries, isChosen, onToggle, type) {
  const name = at.surface.fieldId(at.block, at.element);
  return make("div", { class: "boxes", role: type === "radio" ? "radiogroup" : "group", "aria-label": at.props["aria-label"] },
    ...entries.map((entry, index) => make("label", { class: "box" },
      make("input", {
        type, name, checked: isChosen(entry.value), "data-key": `${name}-${index}`,
        onchange: (event) => onToggle(entry.value, event.target.checked),
      }),
      make("span", {}, entry.text, entry.description ? make("small", {}, entry.description) : null))));
}

const optionEntries = (element) => (element.option_groups ?? [{ options: element.options }])
  .flatMap((group) => group.options)
  .map((option) => ({ value: option, text: emoji(option.text.text), description: option.description?.text }));

function manyBoxes(at, entries, same) {
  let current = valueOf(at) ?? [];
  return boxes(at, entries, (value) => current.some((one) => same(one, value)), (value, on) => {
    current = on ? [...current, value] : current.filter((one) => !same(one, value));
    chosen(at, current);
  }, "checkbox");
}

const sameOption = (one, other) => one.value === other.value;
const manyOptions = (at) => manyBoxes(at, optionEntries(at.element), sameOption);
const manyIds = (list) => (at) => manyBoxes(at, list(at.surface, at.element), (one, other) => one === other);

function radio(at) {
  const current = valueOf(at);
  return boxes(at, optionEntries(at.element), (option) => option.value === current?.value, (option) => chosen(at, option), "radio");
}

function typedText(at, type) {
  const { element, props } = at;
  const shared = {
    ...props, value: valueOf(at) ?? "", placeholder: element.placeholder?.text ?? "", maxLength: element.max_length ?? 3000,
    autofocus: element.focus_on_load,
    oninput: (event) => at.surface.keep(at.block, element, { type: element.type, value: event.target.value || null }),
    onchange: (event) => { if (at.block.dispatch_action) chosen(at, event.target.value || null); },
  };
  return element.multiline ? make("textarea", { ...shared, rows: 4 }) : make("input", { ...shared, type });
}

const moment = (type, read = (value) => value, write = (value) => value) => (at) => {
  const current = valueOf(at);
  return make("input", {
    ...at.props, type, value: current === null ? "" : write(current),
    onchange: (event) => chosen(at, event.target.value ? read(event.target.value) : null),
  });
};

const toLocal = (seconds) => {
  const shown = new Date(seconds * 1000);
  return new Date(shown.getTime() - shown.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
};

// A combobox whose options the app gives: typed text is sent, the answer listed.
function external(at, isMany) {
  const current = valueOf(at);
  const least = at.element.min_query_length ?? 3;
  const list = make("ul", { class: "menu", role: "listbox", hidden: true });
  const input = make("input", {
    ...at.props, type: "text", role: "combobox", "aria-expanded": "false", "aria-autocomplete": "list", autocomplete: "off",
    placeholder: at.element.placeholder?.text ?? "Type to search", value: isMany ? "" : current?.text?.text ?? "",
    onfocus: () => ask(), oninput: () => ask(),
    // Focus may come back within the moment, as when the page is drawn anew: only what stays left is closed.
    onblur: () => setTimeout(() => { list.hidden = document.activeElement !== input; }, 200),
  });
  const pick = (option) => {
    list.hidden = true;
    input.value = isMany ? "" : option.text.text;
    chosen(at, isMany ? [...(valueOf(at) ?? []).filter((one) => !sameOption(one, option)), option] : option);
    if (isMany) chips.replaceChildren(...chipNodes());
  };
  let asked = 0;
  const ask = async () => {
    if (input.value.length < least) return;
    const turn = ++asked;
    const { options = [] } = await at.surface.suggest(at.block, at.element, input.value);
    if (turn !== asked) return;
    const entries = options.map((option) => make("li", { role: "option", onmousedown: () => pick(option) }, emoji(option.text.text)));
    list.replaceChildren(...(entries.length ? entries : [make("li", { class: "none" }, "No results")]));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
  };
  const chipNodes = () => (valueOf(at) ?? []).map((option) => make("button", {
    type: "button", class: "chip", "aria-label": `Remove ${option.text.text}`,
    onclick: (event) => {
      chosen(at, valueOf(at).filter((one) => !sameOption(one, option)));
      event.target.remove();
    },
  }, `${option.text.text} ×`));
  const chips = make("span", {}, ...(isMany ? chipNodes() : []));
  return make("span", { class: "overflow wide" }, chips, input, list);
}

const kinds = {
  button,
  overflow,
  static_select: staticSelect,
  multi_static_select: manyOptions,
  external_select: (at) => external(at, false),
  multi_external_select: (at) => external(at, true),
  users_select: idSelect(people),
  channels_select: idSelect(channels),
  conversations_select: idSelect(conversations),
  multi_users_select: manyIds(people),
  multi_channels_select: manyIds(channels),
  multi_conversations_select: manyIds(conversations),
  datepicker: moment("date"),
  timepicker: moment("time"),
  datetimepicker: moment("datetime-local", (value) => Math.floor(new Date(value).getTime() / 1000), toLocal),
  checkboxes: manyOptions,
  radio_buttons: radio,
  plain_text_input: (at) => typedText(at, "text"),
  email_text_input: (at) => typedText(at, "email"),
  url_text_input: (at) => typedText(at, "url"),
  number_input: (at) => typedText(at, "text"),
};
