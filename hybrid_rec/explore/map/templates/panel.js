// Search, colours and what is told of a point. Every text is set as text, never as HTML.

const MOST_MATCHES = 12, MOST_LISTED = 30;

function notice(text) {
  const node = document.getElementById("notice");
  node.textContent = text;
  node.hidden = !text;
}

function element(kind, text, name) {
  const node = document.createElement(kind);
  if (text !== undefined) node.textContent = text;
  if (name) node.className = name;
  return node;
}

class Panel {
  constructor(world, view) {
    this.world = world;
    this.view = view;
    this.box = document.getElementById("panel");
    document.getElementById("close").addEventListener("click", () => this.close());
  }

  close() {
    this.box.hidden = true;
    this.view.show(-1, []);
  }

  open(point, fly) {
    if (point < 0) return this.close();
    const { world } = this;
    const told = document.getElementById("told");
    const isPlaylist = world.isPlaylist(point);
    told.replaceChildren(element("h2", world.title(point)));
    if (world.artist(point)) told.append(element("p", world.artist(point), "artist"));
    told.append(this.facts(point));
    const listed = isPlaylist ? [["Songs", world.itemsOf(point)]] : [
      ...world.blocks.map((block) => ["Nearest by " + block, world.near(point, block), block]),
      ["Playlists", world.playlistsOf(point)],
    ];
    for (const [heading, points, block] of listed) told.append(this.list(heading, points, block));
    this.box.hidden = false;
    this.box.scrollTop = 0;
    this.view.show(point, listed[0][1].slice(0, MOST_LISTED));
    if (fly) this.view.fly(point);
  }

  facts(point) {
    const { world } = this, list = element("dl");
    const add = (name, value) => list.append(element("dt", name), element("dd", value));
    add("id", world.isPlaylist(point) ? world.playlists.ids[point - world.nItems]
      : world.items.ids[point]);
    if (world.isPlaylist(point)) {
      add("songs", world.itemsOf(point).length.toLocaleString());
      return list;
    }
    add("plays", world.array.plays[point].toLocaleString());
    world.colours.forEach((colour, number) => {
      const value = colour.values[world.array["colour " + number][point]];
      if (value && value !== world.artist(point)) add(colour.name, value);
    });
    return list;
  }

  list(heading, points, block) {
    const section = element("section");
    section.append(element("h3", heading));
    if (block) section.dataset.block = block;
    const list = element("ol");
    for (const point of points.slice(0, MOST_LISTED)) {
      const button = element("button", this.world.title(point));
      button.type = "button";
      button.dataset.id = this.world.isPlaylist(point) ? "" : this.world.items.ids[point];
      if (this.world.artist(point)) button.append(element("small", this.world.artist(point)));
      button.addEventListener("click", () => this.open(point, true));
      const line = element("li");
      line.append(button);
      list.append(line);
    }
    if (points.length) section.append(list);
    const rest = points.length - MOST_LISTED;
    if (!points.length) section.append(element("p", "none", "none"));
    if (rest > 0) section.append(element("p", `and ${rest.toLocaleString()} more`, "none"));
    return section;
  }
}

class Search {
  constructor(world, panel) {
    Object.assign(this, { world, panel, matches: [], chosen: -1 });
    this.input = document.getElementById("query");
    this.list = document.getElementById("matches");
    this.input.addEventListener("input", () => this.ask());
    this.input.addEventListener("focus", () => this.ask());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.hide());
    document.getElementById("search").addEventListener("submit", (event) => {
      event.preventDefault();
      this.take(Math.max(0, this.chosen));
    });
  }

  ask() {
    this.finder ??= new Finder(this.world);
    this.matches = this.finder.find(this.input.value, MOST_MATCHES);
    this.chosen = -1;
    this.list.replaceChildren(...this.matches.map((point, number) => {
      const option = element("li", this.world.title(point));
      option.id = "match-" + number;
      option.setAttribute("role", "option");
      const more = this.world.isPlaylist(point) ? "playlist" : this.world.artist(point);
      if (more) option.append(element("small", more));
      // Before the input loses the focus, which hides the list.
      option.addEventListener("pointerdown", (event) => event.preventDefault());
      option.addEventListener("click", () => this.take(number));
      return option;
    }));
    if (this.input.value.trim() && !this.matches.length) {
      this.list.append(element("li", "nothing found", "none"));
    }
    this.toggle(this.list.childElementCount > 0);
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") this.hide();
    if (!step || !this.matches.length) return;
    event.preventDefault();
    this.chosen = (this.chosen + step + this.matches.length) % this.matches.length;
    [...this.list.children].forEach((option, number) =>
      option.setAttribute("aria-selected", number === this.chosen));
    this.input.setAttribute("aria-activedescendant", "match-" + this.chosen);
  }

  take(number) {
    if (!this.matches.length) return;
    const point = this.matches[number];
    this.input.value = this.world.title(point);
    this.input.blur();
    this.panel.open(point, true);
  }

  toggle(open) {
    this.list.hidden = !open;
    this.input.setAttribute("aria-expanded", open);
    if (!open) this.input.removeAttribute("aria-activedescendant");
  }

  hide() { this.toggle(false); }
}

class Key {
  constructor(world, view) {
    Object.assign(this, { world, view });
    this.select = document.getElementById("colour");
    for (const colour of world.colours) this.select.append(element("option", colour.name));
    this.select.addEventListener("change", () => this.colour());
    dark.addEventListener("change", () => this.colour());
    this.colour();
  }

  colour() {
    const number = this.select.selectedIndex;
    const { values, ends } = this.world.colours[number];
    const codes = new Set(this.world.array["colour " + number]);
    const entries = ends ? [[0, ends[0]], [249, ends[1]]] : values.map((text, code) => [code, text]);
    if (codes.has(OTHER)) entries.push([OTHER, "others"]);
    if (codes.has(MISSING)) entries.push([MISSING, "missing"]);
    document.getElementById("values").replaceChildren(...entries.map(([code, text]) => {
      const line = element("li", text || "no name");
      const spot = element("i");
      spot.style.background = `rgb(${(ends ? shadeColour : valueColour)(code).join(",")})`;
      line.prepend(spot);
      return line;
    }));
    this.view.colour(coloursOf(this.world, number));
  }
}
