// The grid and its filters. The editor is in editor.js.
import { Editor } from "./editor.js";

const byId = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const PART = 60;
let begun, editor;
let asked = 0; // a filter that was changed meanwhile makes older answers void
let shown = [], total = 0, loading = false;

export const get = async (address) => (await fetch(address)).json();

function option(value, text, chosen) {
  const made = new Option(text, value);
  made.selected = value === chosen;
  return made;
}

function choice(name, values) {
  const made = document.createElement("select");
  made.name = name;
  made.title = begun.texts[name === "class_name" ? "class" : name];
  made.append(option("", `${made.title}: ${begun.texts.any}`, ""));
  for (const each of values) {
    const count = each.pictures === undefined ? "" : ` (${each.pictures.toLocaleString()})`;
    made.append(option(each.value, `${each.said ?? each.value}${count}`, begun.start[name]));
  }
  return made;
}

function filters() {
  const classes = Object.fromEntries(begun.classes.map((c) => [c.name, c.said]));
  const { facets, texts } = begun;
  const states = ["in", "out", "corrected", ...(begun.model ? ["missed", "false"] : [])];
  const search = document.createElement("input");
  Object.assign(search, { name: "text", type: "search", placeholder: texts.search });
  byId("filters").append(
    choice("queue", begun.queues),
    choice("class_name", [
      ...facets.class_name.map((f) => ({ ...f, said: classes[f.value] })),
      { value: "background", said: texts.background },
    ]),
    choice("source", facets.source),
    ...(facets.split.length ? [choice("split", facets.split)] : []),
    choice("rule", facets.rule),
    choice("state", states.map((s) => ({ value: s, said: texts[s] }))),
    search,
  );
  byId("filters").addEventListener("change", begin);
  byId("filters").addEventListener("submit", (event) => { event.preventDefault(); begin(); });
}

function begin() {
  asked += 1;
  shown = [];
  loading = false;
  byId("grid").replaceChildren();
  return more();
}

async function more() {
  if (loading || (shown.length && shown.length >= total)) return;
  loading = true;
  const mine = asked;
  const wanted = new URLSearchParams(new FormData(byId("filters")));
  wanted.set("offset", shown.length);
  wanted.set("limit", PART);
  const answer = await get(`/api/pictures?${wanted}`);
  if (mine !== asked) return;
  total = answer.total;
  byId("total").textContent = begun.texts.pictures.replace("{n}", total.toLocaleString());
  byId("empty").hidden = total > 0;
  for (const picture of answer.pictures) {
    shown.push(picture);
    byId("grid").append(card(picture, shown.length - 1));
  }
  loading = false;
  if (answer.pictures.length && byId("end").getBoundingClientRect().top < innerHeight + 400) more();
}

function card(picture, place) {
  const figure = document.createElement("figure");
  figure.dataset.id = picture.image_id;
  figure.classList.toggle("out", !picture.is_in);
  figure.classList.toggle("corrected", picture.is_corrected);
  figure.classList.toggle("reject", picture.verdict === "reject");
  const isReturning = picture.is_unread && picture.is_corrected && picture.verdict !== "reject";
  figure.classList.toggle("returning", isReturning);
  const caption = document.createElement("figcaption");
  const name = picture.image_id.split("/").at(-1);
  caption.textContent = isReturning ? `${begun.texts.returning} · ${name}` : name;
  caption.title = picture.image_id;
  figure.append(framed(picture), caption);
  figure.addEventListener("click", () => editor.open(place));
  return figure;
}

export function framed(picture) {
  const image = document.createElement("img");
  Object.assign(image, { loading: "lazy", src: `/image/${picture.n}?small`, alt: picture.image_id });
  image.addEventListener("error", () => {
    image.replaceWith(Object.assign(document.createElement("p"), { textContent: begun.texts.unreadable }));
  });
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 1 1");
  drawing.setAttribute("preserveAspectRatio", "none");
  for (const box of picture.boxes ?? []) drawing.append(rectangle(box, "box"));
  const inner = document.createElement("div");
  inner.append(image, drawing);
  const frame = document.createElement("div");
  frame.className = "frame";
  frame.append(inner);
  return frame;
}

function rectangle(box, kind) {
  const made = document.createElementNS(SVG, "rect");
  made.setAttribute("class", `${kind}${box.i ? " ignore" : ""}${box.o === "proposed" ? " proposed" : ""}${box.o === "taken_out" ? " taken-out" : ""}`);
  made.setAttribute("x", box.x - box.w / 2);
  made.setAttribute("y", box.y - box.h / 2);
  made.setAttribute("width", box.w);
  made.setAttribute("height", box.h);
  made.setAttribute("stroke", begun.classes.find((c) => c.name === box.c)?.colour ?? "#000");
  return made;
}

async function start() {
  begun = await get("/api/start");
  document.documentElement.lang = begun.language;
  byId("title").textContent = `${begun.asset} · ${begun.partition}`;
  document.title = `${begun.asset} · hoban view`;
  byId("empty").textContent = begun.texts.none;
  filters();
  editor = new Editor(begun, {
    at: async (place) => {
      while (place >= shown.length && shown.length < total && !loading) await more();
      return shown[place];
    },
    total: () => total,
    wanted: () => byId("filters").elements.class_name.value,
    decided: (ids) => {
      for (const picture of shown)
        if (ids.includes(picture.image_id)) picture.is_corrected = true;
    },
    corrected: (picture) => {
      const old = document.querySelector(`figure[data-id="${CSS.escape(picture.image_id)}"]`);
      old?.replaceWith(card(picture, shown.indexOf(picture)));
    },
  });
  await begin();
  new IntersectionObserver((seen) => seen[0].isIntersecting && more(), { rootMargin: "400px" })
    .observe(byId("end"));
}

start();
