// Slack's mrkdwn, rich_text and plain Markdown, as nodes. Names of people and channels come from `names`.
import { link, make } from "./dom.js";

const EMOJI = {
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️", rotating_light: "🚨", lock: "🔒", key: "🔑",
  no_entry: "⛔", no_entry_sign: "🚫", hourglass: "⌛", hourglass_flowing_sand: "⏳", question: "❓", bell: "🔔",
  information_source: "ℹ️", mag: "🔍", large_green_circle: "🟢", large_yellow_circle: "🟡", red_circle: "🔴",
  large_orange_circle: "🟠", white_circle: "⚪", black_circle: "⚫", wastebasket: "🗑️", tada: "🎉", wave: "👋",
  bulb: "💡", gear: "⚙️", link: "🔗", clock3: "🕒", shield: "🛡️", scroll: "📜", iphone: "📱", eyes: "👀",
  arrow_right: "➡️", arrow_left: "⬅️", repeat: "🔁", stopwatch: "⏱️", pause_button: "⏸️", double_vertical_bar: "⏸️",
};
const MARK = /```([\s\S]+?)```|`([^`\n]+)`|<([^<>\n]+)>|:([a-z0-9_+-]+):/;
const STYLES = { "*": "strong", "_": "em", "~": "s" };
const STYLED = /(^|[\s([{"'.,:;!?—–-])([*_~])(\S|\S[^\n]*?\S)\2(?=$|[\s)\]}"'.,:;!?—–-])/;

export function decode(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

export function emoji(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole);
}

export function mrkdwn(text, names) {
  const found = MARK.exec(text);
  if (found) {
    const rest = text.slice(found.index + found[0].length);
    return [...styled(text.slice(0, found.index), names), mark(found, names), ...mrkdwn(rest, names)];
  }
  return styled(text, names);
}

function mark([whole, block, code, reference, name], names) {
  if (block !== undefined) return make("pre", {}, decode(block.replace(/^\n/, "")));
  if (code !== undefined) return make("code", {}, ...wholeWords(decode(code)));
  if (reference !== undefined) return referred(reference, names);
  return document.createTextNode(EMOJI[name] ?? whole);
}

// A line never ends inside `orders-eu` or `--reason`: half of it would be copied as another name.
function wholeWords(code) {
  return code.split(/(\s+)/).map((part) => part.trim() ? make("span", { class: "word" }, part) : part);
}

// A styled run that begins before the first mark may enclose it: `*<https://…|label>*`.
export function text(source, names) {
  const nodes = [];
  for (const [index, line] of splitLines(source).entries()) {
    if (index && nodes.at(-1)?.tagName !== "BLOCKQUOTE") nodes.push(make("br"));
    const quoted = /^(&gt;|>)\s?(.*)$/s.exec(line);
    if (quoted) {
      if (nodes.at(-1)?.tagName === "BR") nodes.pop();
      nodes.push(make("blockquote", {}, ...run(quoted[2], names)));
    }
    else nodes.push(...run(line, names));
  }
  return nodes;
}

function splitLines(source) {
  return source.split(/(```[\s\S]+?```)/).flatMap((part) => (part.startsWith("```") ? [part] : part.split("\n")))
    .filter((line, index, all) => line !== "" || (index > 0 && index < all.length - 1));
}

function run(line, names) {
  const found = STYLED.exec(line);
  const first = MARK.exec(line);
  if (!found || (first && first.index < found.index)) {
    if (!first) return mrkdwn(line, names);
    const end = first.index + first[0].length;
    return [...mrkdwn(line.slice(0, end), names), ...(end < line.length ? run(line.slice(end), names) : [])];
  }
  const start = found.index + found[1].length;
  const end = found.index + found[0].length;
  return [
    ...mrkdwn(line.slice(0, start), names),
    make(STYLES[found[2]], {}, ...run(found[3], names)),
    ...run(line.slice(end), names),
  ];
}

function styled(source) {
  return source ? [document.createTextNode(decode(source))] : [];
}

function referred(reference, names) {
  const [target, label] = reference.split("|");
  if (target.startsWith("!date^")) return date(target.split("^"), label ?? "");
  if (target.startsWith("!subteam^")) return mention(names[target.slice(9)] ?? label ?? "@group");
  if (target.startsWith("!")) return mention("@" + (label ?? target.slice(1)).replace(/^@/, ""));
  if (target.startsWith("@") || target.startsWith("#")) {
    return mention(names[target.slice(1)] ?? target[0] + (label ?? target.slice(1)));
  }
  return link(decode(target), decode(label ?? target));
}

function mention(label) {
  return make("span", { class: "mention" }, label);
}

function date([, seconds, format, url], fallback) {
  const moment = new Date(Number(seconds) * 1000);
  if (Number.isNaN(moment.getTime())) return document.createTextNode(fallback);
  const shown = make("time", { dateTime: moment.toISOString(), title: moment.toLocaleString() }, formatted(moment, format));
  return url ? link(url, shown) : shown;
}

function formatted(moment, format) {
  const as = (options) => new Intl.DateTimeFormat(undefined, options).format(moment);
  const day = { year: "numeric", month: "long", day: "numeric" };
  const shortDay = { ...day, month: "short" };
  const longDay = { ...day, weekday: "long" };
  const pretty = (options) => nearDay(moment) ?? as(options);
  const forms = {
    date: () => as(day), date_num: () => moment.toLocaleDateString("sv"), date_slash: () => as({ dateStyle: "short" }),
    date_short: () => as(shortDay), date_long: () => as(longDay), date_pretty: () => pretty(day),
    date_short_pretty: () => pretty(shortDay), date_long_pretty: () => pretty(longDay),
    time: () => as({ timeStyle: "short" }), time_secs: () => as({ timeStyle: "medium" }), ago: () => as({ timeStyle: "short" }),
  };
  return decode(format).replace(/\{(\w+)\}/g, (whole, name) => forms[name]?.() ?? whole);
}

function nearDay(moment) {
  const days = Math.round((new Date(moment).setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / 86400000);
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days];
}

export function richText(block, names) {
  return make("div", { class: "rich" }, ...block.elements.map((element) => richPart(element, names)));
}

function richPart(element, names) {
  if (element.type === "rich_text_list") {
    const items = element.elements.map((entry) => make("li", {}, ...entry.elements.map((e) => richInline(e, names))));
    return make(element.style === "ordered" ? "ol" : "ul", { class: `indent-${element.indent ?? 0}` }, ...items);
  }
  const tag = { rich_text_quote: "blockquote", rich_text_preformatted: "pre" }[element.type] ?? "p";
  return make(tag, {}, ...element.elements.map((entry) => richInline(entry, names)));
}

function richInline(element, names) {
  const reader = {
    text: () => document.createTextNode(element.text),
    link: () => link(element.url, element.text ?? element.url),
    emoji: () => document.createTextNode(EMOJI[element.name] ?? `:${element.name}:`),
    user: () => mention(names[element.user_id] ?? element.user_id),
    channel: () => mention(names[element.channel_id] ?? element.channel_id),
    usergroup: () => mention(names[element.usergroup_id] ?? element.usergroup_id),
    broadcast: () => mention(`@${element.range}`),
    date: () => date([null, element.timestamp, element.format ?? "{date} {time}", element.url], element.fallback ?? ""),
    color: () => document.createTextNode(element.value),
  };
  let node = (reader[element.type] ?? (() => document.createTextNode("")))();
  const tags = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u" };
  for (const [style, tag] of Object.entries(tags)) if (element.style?.[style]) node = make(tag, {}, node);
  return node;
}

export function markdown(source) {
  const nodes = [];
  let list = null;
  for (const part of source.split(/(```[\s\S]*?```)/)) {
    if (part.startsWith("```")) nodes.push(make("pre", {}, part.slice(3, -3).replace(/^\w*\n/, "")));
    else for (const line of part.split("\n")) list = markdownLine(line, nodes, list);
  }
  return make("div", { class: "rich" }, ...nodes);
}

function markdownLine(line, nodes, list) {
  const heading = /^(#{1,6})\s+(.*)$/.exec(line);
  const item = /^\s*([-*]|\d+\.)\s+(.*)$/.exec(line);
  if (item) {
    const into = list ?? make(/\d/.test(item[1]) ? "ol" : "ul");
    if (!list) nodes.push(into);
    into.append(make("li", {}, ...markdownInline(item[2])));
    return into;
  }
  if (heading) nodes.push(make("p", {}, make("strong", {}, ...markdownInline(heading[2]))));
  else if (line.trim()) nodes.push(make("p", {}, ...markdownInline(line)));
  return null;
}

function markdownInline(source) {
  const found = /`([^`]+)`|\*\*(.+?)\*\*|\*(.+?)\*|_(.+?)_(?!\w)|\[([^\]]+)\]\(([^)\s]+)\)/.exec(source);
  if (!found) return source ? [document.createTextNode(emoji(source))] : [];
  const [whole, code, bold, starred, italic, label, url] = found;
  const inner = code !== undefined ? make("code", {}, code)
    : bold !== undefined ? make("strong", {}, ...markdownInline(bold))
    : label !== undefined ? link(url, label)
    : make("em", {}, ...markdownInline(starred ?? italic));
  return [document.createTextNode(source.slice(0, found.index)), inner, ...markdownInline(source.slice(found.index + whole.length))];
}
