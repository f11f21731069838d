// One person's screen: state comes from the server whole, and is drawn again at each change.
import { renderBlocks } from "./blocks.js";
import { wireComposer } from "./composer.js";
import { byId, make } from "./dom.js";
import { showMessages } from "./messages.js";
import { showModal, surfaceOf } from "./modal.js";
import { act, fetchState, follow } from "./server.js";
import { showPanel } from "./panel.js";

const HOME = "home";
const DIRECT = "direct";
const asked = new URLSearchParams(location.search);
const app = {
  state: null,
  person: asked.get("as") ?? sessionStorage.getItem("person") ?? "",
  place: sessionStorage.getItem("place") ?? asked.get("in") ?? "",
  seen: new Map(),
  surface(place) {
    const { names, people, channels } = app.state;
    return {
      names, people, channels, place,
      fieldId: (block, element) => `f-${Object.values(place).join("-")}-${block.block_id}-${element.action_id}`,
      suggest: (block, element, typed) => app.act("suggest", { ...place, block_id: block.block_id, action_id: element.action_id, typed }),
    };
  },
  async act(kind, body, { quiet = false } = {}) {
    const answer = await act(kind, { person: app.state.me.name, ...body });
    if (answer.error && !quiet) toast(answer.error);
    await refresh();
    return answer;
  },
};

let refreshing = null;
let isStale = false;

function refresh() {
  isStale = true;
  refreshing ??= (async () => {
    while (isStale) {
      isStale = false;
      app.state = await fetchState(app.person);
      draw();
    }
  })().finally(() => { refreshing = null; });
  return refreshing;
}

function draw() {
  const { state } = app;
  byId("team").textContent = state.team;
  drawPeople(state);
  const places = [...state.channels, { ...state.direct, name: state.app.name, isDirect: true }];
  const isHome = app.place === HOME;
  const place = places.find((one) => one.id === app.place || (one.isDirect && app.place === DIRECT)) ?? places[0];
  if (!isHome) app.place = place.id;
  drawPlaces(state, place, isHome);
  drawHeader(isHome ? { name: `${state.app.name} home`, purpose: "", isDirect: true } : place);
  byId("messages").hidden = byId("composer").hidden = isHome;
  byId("home").hidden = !isHome;
  if (isHome) drawHome(state);
  else showMessages(place, app);
  showModal(state.modal, app);
}

function drawPeople(state) {
  const select = byId("person");
  const wanted = state.people.map((one) => one.name).join();
  if (select.dataset.people !== wanted) {
    select.dataset.people = wanted;
    select.replaceChildren(...state.people.map((one) => make("option", { value: one.name }, one.real_name)));
  }
  select.value = state.me.name;
  byId("person-description").textContent = state.me.description;
}

function drawPlaces(state, current, isHome) {
  byId("channels").replaceChildren(...state.channels.map((one) =>
    placeItem(one.id, `${one.is_private ? "🔒" : "#"} ${one.name}`, one.purpose, !isHome && one.id === current.id)));
  byId("apps").replaceChildren(
    placeItem(state.direct.id, state.app.name, "Direct messages", !isHome && state.direct.id === current.id),
    placeItem(HOME, `${state.app.name} home`, "The app's own page", isHome));
}

function placeItem(id, label, purpose, isCurrent) {
  const count = app.state.messages[id]?.length ?? 0;
  const key = `${app.state.me.id}/${id}`;
  // What the app wrote before the page was opened is news all the same.
  const isNews = id === app.state.direct.id;
  if (isCurrent || !app.seen.has(key)) app.seen.set(key, isNews && !isCurrent ? 0 : count);
  const isUnread = count > app.seen.get(key);
  return make("li", {}, make("button", {
    type: "button", class: isUnread ? "unread" : "", "aria-current": isCurrent ? "page" : undefined,
    "aria-label": isUnread ? `${label}, unread` : label, onclick: () => goTo(id),
  }, make("span", {}, label), make("small", {}, purpose)));
}

function drawHeader(place) {
  byId("place-me").textContent = `You are ${app.state.names[app.state.me.id].slice(1)}`;
  byId("place-name").textContent = place.isDirect ? place.name : `# ${place.name}`;
  byId("place-purpose").textContent = place.purpose ?? "";
  const label = `Message ${place.isDirect ? place.name : `#${place.name}`}`;
  byId("typed").setAttribute("placeholder", label);
  byId("messages").setAttribute("aria-label", `Messages in ${place.name}`);
}

let homeShownAs = "";

function drawHome(state) {
  const description = JSON.stringify([state.home, state.me.id]);
  if (description === homeShownAs) return;
  homeShownAs = description;
  const nodes = state.home
    ? renderBlocks(state.home.blocks, surfaceOf(state.home, app))
    : [make("p", { class: "empty" }, "The app has not filled this page yet.")];
  byId("home").replaceChildren(...nodes);
}

function goTo(id) {
  app.place = id;
  sessionStorage.setItem("place", id);
  showSidebar(false);
  draw();
  if (id === HOME) app.act("home", {});
  else byId("typed").focus();
}

function showSidebar(isShown) {
  document.body.classList.toggle("with-sidebar", isShown);
  byId("menu").setAttribute("aria-expanded", String(isShown));
}

let hidingToast = 0;

function toast(words) {
  const box = byId("toast");
  box.textContent = words;
  box.hidden = false;
  clearTimeout(hidingToast);
  hidingToast = setTimeout(() => { box.hidden = true; }, 6000);
}

byId("menu").addEventListener("click", () => showSidebar(!document.body.classList.contains("with-sidebar")));
document.querySelector("main").addEventListener("click", (event) => {
  if (!byId("menu").contains(event.target)) showSidebar(false);
});
byId("person").addEventListener("change", (event) => {
  app.person = event.target.value;
  sessionStorage.setItem("person", app.person);
  refresh();
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape") showSidebar(false); });
await refresh();
app.person = app.state.me.name;
wireComposer(app);
follow(refresh);
showPanel();
