// One picture, large, with boxes to move, draw, remove. Places are shares of the picture, 0-1.
import { framed, get } from "./viewer.js";
import { Zoom } from "./zoom.js";

const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);
const LEAST = 0.004; // a click is no box
const STILL = 3; // pixels by which a click may slip before it moves a box
const CORNERS = [[0, 0], [1, 0], [0, 1], [1, 1]];

const clamp = (value) => Math.min(1, Math.max(0, value));
const rowOf = (box) => [box.c, box.x, box.y, box.w, box.h, box.i];
const area = (drawn) => drawn.width.baseVal.value * drawn.height.baseVal.value;
// A Korean keyboard in Hangul mode says \u3134 for S; where the key lies is the same.
const letter = ({ key, code }) => {
  if (/^[a-z]$/i.test(key)) return key.toLowerCase();
  return /^Key[A-Z]$/.test(code) ? code.at(3).toLowerCase() : key;
};
const copyOf = (boxes) => boxes.map((box) => ({ ...box }));

export class Editor {
  constructor(begun, grid) {
    Object.assign(this, { begun, grid, texts: begun.texts, chosen: begun.classes[0].name });
    this.colours = Object.fromEntries(begun.classes.map((c) => [c.name, c.colour]));
    byId("help").textContent = this.texts.help;
    byId("boxes-title").textContent = this.texts.boxes;
    byId("decisions-title").textContent = this.texts.decisions;
    for (const [name, act] of [
      ["save", () => this.send("boxes")],
      ["accept", () => this.send("accept")],
      ["reject", () => this.send("reject")],
      ["undo", () => this.undo()],
      ["remove", () => this.remove()],
      ["new", () => this.above(!this.isAbove)],
      ["before", () => this.open(this.place - 1)],
      ["next", () => this.open(this.place + 1)],
      ["close", () => this.close()],
      ["label-track", () => this.track("label")],
      ["refuse-track", () => this.track("refuse")],
      ["take-back", () => this.takeBack()],
    ]) byId("buttons").append(this.button(this.texts[name], act, name));
    begun.classes.forEach((c, place) => {
      const made = this.button(c.said, () => this.choose(c.name), `class-${c.name}`);
      const swatch = document.createElement("span");
      swatch.className = "swatch";
      swatch.style.background = c.colour;
      const number = document.createElement("span");
      number.className = "number";
      number.textContent = place + 1;
      made.prepend(number, swatch);
      byId("classes").append(made);
    });
    const drawing = byId("drawing");
    this.zoom = new Zoom(drawing);
    drawing.addEventListener("pointerdown", (event) => this.press(event));
    drawing.addEventListener("pointermove", (event) => this.move(event));
    drawing.addEventListener("pointerup", () => this.release());
    document.addEventListener("keydown", (event) => this.key(event));
    byId("editor").addEventListener("cancel", (event) => { event.preventDefault(); this.close(); });
  }

  button(text, act, name) {
    const made = document.createElement("button");
    Object.assign(made, { type: "button", textContent: text, id: `do-${name}` });
    made.addEventListener("click", act);
    return made;
  }

  get changed() {
    return JSON.stringify(this.boxes.map(rowOf)) !== JSON.stringify(this.before.map(rowOf));
  }

  async open(place) {
    if (place < 0 || (byId("editor").open && this.changed && !this.warned)) {
      this.warned = place >= 0;
      if (this.warned) this.tell(this.texts.unsaved, true);
      return;
    }
    const picture = await this.grid.at(place);
    if (!picture) return;
    const known = await get(`/api/picture/${picture.n}`);
    Object.assign(this, { place, picture, known, selected: null, past: [], warned: false });
    this.boxes = copyOf(picture.boxes ?? known.boxes ?? []);
    const first = [this.grid.wanted(), this.boxes[0]?.c].find((name) => name in this.colours);
    this.chosen = first ?? this.chosen;
    this.kept = null;
    this.above(false);
    byId("unreadable").hidden = true;
    byId("drawing").style.display = "";
    this.before = copyOf(this.boxes);
    this.width = known.width || 1;
    this.height = known.height || 1;
    this.zoom.whole(this.width, this.height);
    this.tell("");
    byId("note").textContent = known.note;
    byId("note").classList.toggle("bad", !known.can_be_corrected);
    for (const name of ["save", "accept", "reject"]) byId(`do-${name}`).disabled = !known.can_be_corrected;
    byId("name").textContent = known.image_id;
    this.facts();
    byId("decisions").replaceChildren(...known.decisions.map((d) => this.decided(d)));
    this.witnesses(known);
    byId("predicted-title").textContent = known.predicted.length ? this.begun.model : "";
    byId("predicted").replaceChildren(...known.predicted.map((p) => this.line([
      this.texts[p.kind], this.named(p.class_name), p.confidence,
    ].filter(Boolean).join(" · "))));
    if (!byId("editor").open) byId("editor").showModal();
    this.draw();
  }

  facts() {
    const { known } = this;
    byId("facts").textContent = [
      `${this.place + 1} / ${this.grid.total().toLocaleString()}`,
      `${this.texts.source} ${known.source}`,
      known.split && `${this.texts.split} ${known.split}`,
      known.group_id && `${this.texts.group} ${known.group_id}`,
      known.width && `${known.width} × ${known.height}`,
      !known.is_in && this.texts.out,
      this.byWhom(known.correction),
    ].filter(Boolean).join(" · ");
  }

  byWhom(correction) {
    if (!correction) return "";
    const day = new Date(correction.time).toLocaleString(this.begun.language);
    return `${this.texts.corrected}: ${correction.author}, ${day}`;
  }

  // The next press draws a box, whatever lies below it.
  above(isAbove) {
    this.isAbove = isAbove;
    byId("do-new").classList.toggle("chosen", isAbove);
    byId("drawing").classList.toggle("above", isAbove);
  }

  decided(d) {
    const made = this.line(
      `${d.asset}: ${d.action}, ${d.said} (${d.rule})${d.value ? ` — ${d.value}` : ""}${d.witness ? ` → ${d.witness}` : ""}`);
    if (d.witness_n != null) made.dataset.witness = d.witness_n;
    return made;
  }

  // Show the other pictures that decisions name, with their boxes.
  async witnesses(known) {
    for (const line of byId("decisions").querySelectorAll("[data-witness]")) {
      const other = await get(`/api/picture/${line.dataset.witness}`);
      if (this.known !== known) return; // another picture was opened meanwhile
      line.append(framed(other));
    }
  }

  line(text) {
    const made = document.createElement("li");
    made.textContent = text;
    return made;
  }

  close() {
    if (this.changed && !this.warned) {
      this.warned = true;
      this.tell(this.texts.unsaved, true);
      return;
    }
    byId("editor").close();
  }

  tell(text, isBad = false) {
    byId("told").textContent = text;
    byId("told").classList.toggle("bad", isBad);
  }

  choose(name) {
    this.chosen = name;
    if (this.selected !== null) this.change((box) => { box.c = name; });
    else this.draw();
  }

  change(how) {
    this.past.push(copyOf(this.boxes));
    how(this.boxes[this.selected]);
    this.warned = false;
    this.draw();
  }

  undo() {
    if (!this.past.length) return;
    this.boxes = this.past.pop();
    this.selected = null;
    this.draw();
  }

  remove() {
    if (this.selected === null) return;
    this.past.push(copyOf(this.boxes));
    this.boxes.splice(this.selected, 1);
    this.selected = null;
    this.draw();
  }

  at(event) {
    const point = this.zoom.point(event);
    return { x: clamp(point.x / this.width), y: clamp(point.y / this.height) };
  }

  press(event) {
    const from = this.at(event);
    byId("drawing").setPointerCapture(event.pointerId);
    const { box, corner } = event.target.dataset;
    if (this.zoom.wants(event)) {
      this.drag = { kind: "along", past: copyOf(this.boxes) };
      return;
    }
    if (this.isAbove || event.shiftKey) {
      this.selected = null;
      this.drag = { kind: "new", fixed: from };
    } else if (corner !== undefined) {
      const now = this.boxes[this.selected];
      const [right, low] = CORNERS[corner];
      this.drag = {
        kind: "corner",
        fixed: { x: now.x + now.w * (right ? -0.5 : 0.5), y: now.y + now.h * (low ? -0.5 : 0.5) },
      };
    } else if (box !== undefined) {
      this.selected = Number(box);
      this.chosen = this.boxes[this.selected].c;
      this.drag = { kind: "move", from, start: { ...this.boxes[this.selected] }, at: event };
    } else {
      this.selected = null;
      this.drag = { kind: "new", fixed: from };
    }
    this.drag.past = copyOf(this.boxes);
    this.draw();
  }

  move(event) {
    if (!this.drag) return;
    const to = this.at(event);
    const { kind, fixed, from, start, at } = this.drag;
    if (kind === "along") {
      this.zoom.drag(event);
      return;
    }
    if (kind === "move") {
      const slipped = Math.hypot(event.clientX - at.clientX, event.clientY - at.clientY);
      if (slipped < STILL && !this.drag.isMoving) return;
      this.drag.isMoving = true;
      const box = this.boxes[this.selected];
      box.x = Math.min(1 - box.w / 2, Math.max(box.w / 2, start.x + to.x - from.x));
      box.y = Math.min(1 - box.h / 2, Math.max(box.h / 2, start.y + to.y - from.y));
    } else {
      const place = {
        x: (fixed.x + to.x) / 2,
        y: (fixed.y + to.y) / 2,
        w: Math.abs(fixed.x - to.x),
        h: Math.abs(fixed.y - to.y),
      };
      if (place.w < LEAST || place.h < LEAST) return;
      if (this.selected === null) {
        this.boxes.push({ c: this.chosen, i: false, ...place });
        this.above(false);
        this.selected = this.boxes.length - 1;
      } else Object.assign(this.boxes[this.selected], place);
    }
    this.draw();
  }

  release() {
    if (this.drag && JSON.stringify(this.drag.past) !== JSON.stringify(this.boxes)) {
      this.past.push(this.drag.past);
      this.warned = false;
    }
    this.drag = null;
  }

  key(event) {
    if (!byId("editor").open || event.ctrlKey || event.metaKey || event.altKey) return;
    const number = Number(event.key);
    const key = letter(event);
    const act = {
      s: () => this.send("boxes"), a: () => this.send("accept"), x: () => this.send("reject"),
      z: () => this.undo(), Delete: () => this.remove(), Backspace: () => this.remove(),
      ArrowLeft: () => this.open(this.place - 1), ArrowRight: () => this.open(this.place + 1),
      t: () => this.track("label"), r: () => this.track("refuse"),
      n: () => this.above(!this.isAbove), u: () => this.takeBack(),
      i: () => this.selected !== null && this.change((box) => { box.i = !box.i; }),
    }[key]
      ?? (number >= 1 && number <= this.begun.classes.length
        ? () => this.choose(this.begun.classes[number - 1].name) : null);
    if (!act) return;
    event.preventDefault();
    act();
  }

  async send(verdict) {
    if (!this.known.can_be_corrected) {
      this.tell(this.texts["not-correctable"], true);
      return;
    }
    const body = {
      verdict,
      shown: this.before.map(rowOf),
      after: this.boxes.map(rowOf),
      correction: this.known.correction?.id ?? "",
    };
    const told = await this.post(`/api/edit/${this.picture.n}`, body);
    if (!told) return;
    if (!told.taken) {
      this.tell(this.texts.same);
      return;
    }
    await this.reload();
    this.tell(told.overruled ? this.texts.overruled : `${this.texts.saved} ${told.id}. ${this.texts.rebuild}`);
  }

  async takeBack() {
    const { correction } = this.known;
    if (!correction) {
      this.tell(this.texts["not-corrected"], true);
      return;
    }
    const told = await this.post(`/api/undo/${this.picture.n}`, { correction: correction.id });
    if (!told) return;
    await this.reload();
    this.tell(`${this.texts["taken-back"]} ${told.id}`);
  }

  // One decision on every frame that shows the object of the selected box.
  async track(verdict) {
    const box = this.boxes[this.selected ?? -1];
    if (box?.track == null) {
      this.tell(this.texts["no-track"], true);
      return;
    }
    const body = { verdict, track: box.track, class_name: box.c };
    const told = await this.post(`/api/track/${this.picture.n}`, body);
    if (!told) return;
    this.grid.decided(told.ids);
    await this.reload();
    this.tell(this.texts["track-saved"].replace("{n}", told.taken));
  }

  async post(address, body) {
    try {
      const answer = await fetch(address, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      const told = await answer.json();
      if (answer.ok) return told;
      this.tell(`${this.texts.not_taken} ${told.reason}`, true);
    } catch {
      this.tell(this.texts.failed, true);
    }
    return null;
  }

  async reload() {
    const known = await get(`/api/picture/${this.picture.n}`);
    this.picture.boxes = known.boxes;
    this.picture.verdict = known.verdict;
    this.picture.is_corrected = known.correction !== null;
    this.before = copyOf(known.boxes ?? []);
    Object.assign(this, { known, boxes: copyOf(this.before), selected: null, past: [], warned: false });
    this.grid.corrected(this.picture);
    this.facts();
    this.draw();
  }

  draw() {
    const drawing = byId("drawing");
    const image = this.image(`/image/${this.picture.n}`);
    const predicted = this.known.predicted.filter((p) => p.kind !== "not_found").map((p) => {
      const [x, y, w, h] = p.box;
      const made = this.rectangle({ c: p.class_name, x, y, w, h }, `predicted ${p.kind}`);
      made.append(this.title(`${this.begun.model}: ${this.named(p.class_name)} ${p.confidence ?? ""}`));
      return made;
    });
    const boxes = this.boxes.map((box, number) => {
      const chosen = number === this.selected ? " selected" : "";
      const kind = `${box.i ? " ignore" : ""}${box.o === "proposed" ? " proposed" : ""}${box.o === "taken_out" ? " taken-out" : ""}`;
      const made = this.rectangle(box, `box${kind}${chosen}`);
      made.dataset.box = number;
      made.append(this.title(this.said(box)));
      return made;
    });
    boxes.sort((one, other) => area(other) - area(one)); // small ones on top: they can be reached
    drawing.replaceChildren(image, ...boxes, ...predicted, ...this.handles());
    for (const name of ["label-track", "refuse-track"])
      byId(`do-${name}`).hidden = !this.boxes.some((box) => box.track != null);
    byId("boxes").replaceChildren(...this.boxes.map((box, number) => {
      const made = this.line(this.said(box));
      made.classList.toggle("chosen", number === this.selected);
      made.addEventListener("click", () => { this.selected = number; this.draw(); });
      return made;
    }));
    byId("do-take-back").hidden = !this.known.correction;
    for (const c of this.begun.classes)
      byId(`do-class-${c.name}`).classList.toggle("chosen", c.name === this.chosen);
  }

  said(box) {
    return [
      this.named(box.c), this.texts[`origin-${box.o}`] ?? box.o, box.i && this.texts.ignore,
      box.score !== undefined && `${box.by} ${box.score}`,
      box.track != null && `${this.texts.track} ${box.track}`,
    ].filter(Boolean).join(" · ");
  }

  named(name) {
    return this.begun.classes.find((c) => c.name === name)?.said ?? name;
  }

  title(text) {
    const made = document.createElementNS(SVG, "title");
    made.textContent = text;
    return made;
  }

  image(address) {
    if (this.kept?.getAttribute("href") !== address) {
      this.kept = document.createElementNS(SVG, "image");
      this.kept.setAttribute("href", address);
      this.kept.addEventListener("error", () => {
        byId("unreadable").textContent = this.texts.unreadable;
        byId("unreadable").hidden = false;
        byId("drawing").style.display = "none";
      });
    }
    this.kept.setAttribute("width", this.width);
    this.kept.setAttribute("height", this.height);
    return this.kept;
  }

  rectangle(box, kind) {
    const made = document.createElementNS(SVG, "rect");
    made.setAttribute("class", kind);
    made.setAttribute("x", (box.x - box.w / 2) * this.width);
    made.setAttribute("y", (box.y - box.h / 2) * this.height);
    made.setAttribute("width", box.w * this.width);
    made.setAttribute("height", box.h * this.height);
    made.setAttribute("stroke", this.colours[box.c] ?? "#fff");
    return made;
  }

  handles() {
    const box = this.boxes[this.selected ?? -1];
    if (!box) return [];
    const scale = byId("drawing").getScreenCTM()?.a || 1;
    return CORNERS.map(([right, low], number) => {
      const made = document.createElementNS(SVG, "circle");
      made.setAttribute("class", "handle");
      made.setAttribute("cx", (box.x + box.w * (right - 0.5)) * this.width);
      made.setAttribute("cy", (box.y + box.h * (low - 0.5)) * this.height);
      made.setAttribute("r", 6 / scale);
      made.dataset.corner = number;
      return made;
    });
  }
}
