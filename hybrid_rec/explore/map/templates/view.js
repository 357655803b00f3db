// The map itself: points drawn by deck.gl, labels above them, and what lies under a finger.

const CELLS = 256;
// Where a label may stand beside its place, in its own heights.
const SHIFTS = [0, 0.7, -0.7, 1.3, -1.3];

// Points by cells of a grid, to find the one nearest to a place.
class Grid {
  constructor(world) {
    this.places = world.places;
    this.n = world.nPlaced;
    this.from = new Int32Array(CELLS * CELLS + 1);
    const cells = new Int32Array(this.n);
    for (let point = 0; point < this.n; point++) {
      cells[point] = this.cell(this.places[2 * point]) * CELLS + this.cell(this.places[2 * point + 1]);
      this.from[cells[point] + 1]++;
    }
    for (let cell = 0; cell < CELLS * CELLS; cell++) this.from[cell + 1] += this.from[cell];
    const next = this.from.slice();
    this.points = new Int32Array(this.n);
    for (let point = 0; point < this.n; point++) this.points[next[cells[point]]++] = point;
  }

  cell(value) { return Math.max(0, Math.min(CELLS - 1, Math.floor(value / 1000 * CELLS))); }

  nearest(x, y, radius) {
    let best = -1, least = radius * radius;
    for (let column = this.cell(x - radius); column <= this.cell(x + radius); column++) {
      for (let row = this.cell(y - radius); row <= this.cell(y + radius); row++) {
        const cell = column * CELLS + row;
        for (let at = this.from[cell]; at < this.from[cell + 1]; at++) {
          const point = this.points[at];
          const dx = this.places[2 * point] - x, dy = this.places[2 * point + 1] - y;
          if (dx * dx + dy * dy < least) {
            best = point;
            least = dx * dx + dy * dy;
          }
        }
      }
    }
    return best;
  }
}

class View {
  constructor(world, onPick) {
    this.world = world;
    this.grid = new Grid(world);
    this.box = document.getElementById("map");
    this.shown = { point: -1, near: [] };
    this.state = this.whole();
    this.labels = this.madeLabels();
    this.deck = new deck.Deck({
      parent: this.box,
      views: new deck.OrthographicView({ flipY: false }),
      viewState: this.state,
      controller: { doubleClickZoom: true, inertia: true },
      layers: [],
      getCursor: ({ isDragging }) => (isDragging ? "grabbing" : "default"),
      onViewStateChange: ({ viewState }) => this.move(viewState),
      onResize: () => {
        this.labels = this.madeLabels();
        this.arrange();
      },
      onClick: ({ x, y }) => onPick(this.at(x, y, 14)),
      onError: () => notice("The points cannot be drawn: this browser must have WebGL 2."),
    });
    this.box.addEventListener("pointermove", (event) => this.point(event));
    this.box.addEventListener("pointerleave", () => this.tip(-1));
  }

  size() { return [this.box.clientWidth || 1, this.box.clientHeight || 1]; }

  whole() {
    const [width, height] = this.size();
    const zoom = Math.log2(Math.min(width, height * 1.1) / 1000 * 0.86);
    this.zoom = zoom;
    return { target: [500, 500, 0], zoom, minZoom: zoom - 1, maxZoom: zoom + 11 };
  }

  // Pixels of a place on the map.
  project([x, y]) {
    const scale = 2 ** this.state.zoom, [width, height] = this.size();
    return [
      (x - this.state.target[0]) * scale + width / 2,
      height / 2 - (y - this.state.target[1]) * scale,
    ];
  }

  at(x, y, pixels) {
    const scale = 2 ** this.state.zoom, [width, height] = this.size();
    return this.grid.nearest(
      this.state.target[0] + (x - width / 2) / scale,
      this.state.target[1] - (y - height / 2) / scale, pixels / scale,
    );
  }

  move(state) {
    this.state = { ...this.state, ...state };
    this.deck.setProps({ viewState: this.state, layers: this.layers() });
    this.tip(-1);
    this.arrange();
  }

  fly(point) {
    if (!this.world.hasPlace(point)) return;
    const place = this.world.place(point);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    // So near that some hundred points are around it, in the part that the panel leaves free.
    const wanted = this.zoom + Math.max(1.5, Math.log2(this.world.nPlaced / 400) / 2);
    const zoom = Math.max(this.state.zoom, wanted), scale = 2 ** zoom;
    const panel = document.getElementById("panel");
    const isBelow = panel.offsetWidth > 0.8 * this.size()[0];
    const right = isBelow ? 0 : panel.offsetWidth / 2 / scale;
    const down = isBelow ? panel.offsetHeight / 2 / scale : 0;
    this.move({
      target: [place[0] + right, place[1] - down, 0],
      zoom,
      transitionDuration: still ? 0 : 500,
      transitionInterpolator: new deck.LinearInterpolator(["target", "zoom"]),
    });
  }

  colour(colours) {
    this.colours = colours;
    this.deck.setProps({ layers: this.layers() });
  }

  show(point, near) {
    this.shown = { point, near };
    this.deck.setProps({ layers: this.layers() });
  }

  radius() {
    // Points cover about the same share of any window.
    const room = Math.min(...this.size()) / 800;
    const least = Math.max(1.2, Math.min(4.5, 200 / Math.sqrt(this.world.nPlaced)) * room);
    return least * 2 ** (Math.max(0, this.state.zoom - this.zoom) * 0.3);
  }

  layers() {
    const { world } = this, radius = this.radius();
    const ink = dark.matches ? [255, 255, 255] : [10, 12, 16];
    const common = { radiusUnits: "pixels", lineWidthUnits: "pixels", radiusMaxPixels: 14 };
    const items = new deck.ScatterplotLayer({
      ...common, id: "items", radiusScale: radius, getRadius: 1,
      data: {
        length: world.nItems,
        attributes: {
          getPosition: { value: world.places.subarray(0, 2 * world.nItems), size: 2 },
          getFillColor: { value: this.colours, size: 4, normalized: true },
        },
      },
    });
    const playlists = new deck.ScatterplotLayer({
      ...common, id: "playlists", radiusScale: radius, getRadius: 1.4, filled: false, stroked: true,
      getLineWidth: 1, getLineColor: [...greys().other, 70],
      data: {
        length: world.placed,
        attributes: { getPosition: { value: world.places.subarray(2 * world.nItems), size: 2 } },
      },
    });
    const marked = [...this.shown.near, this.shown.point].filter((point) => world.hasPlace(point));
    const marks = new deck.ScatterplotLayer({
      ...common, id: "marks", data: marked, filled: false, stroked: true, radiusMaxPixels: 30,
      getPosition: (point) => world.place(point), getLineColor: ink,
      getRadius: (point) => (point === this.shown.point ? radius + 6 : radius + 2),
      getLineWidth: (point) => (point === this.shown.point ? 2.5 : 1.5),
      updateTriggers: { getRadius: [radius, this.shown.point], getLineWidth: this.shown.point },
    });
    return [playlists, items, marks];
  }

  point(event) {
    if (event.pointerType !== "mouse" || event.buttons) return this.tip(-1);
    const box = this.box.getBoundingClientRect();
    this.tip(this.at(event.clientX - box.left, event.clientY - box.top, 8));
  }

  // The name of what the mouse points at.
  tip(point) {
    const tip = document.getElementById("tip");
    tip.hidden = point < 0;
    if (point < 0) return;
    tip.textContent = [this.world.title(point), this.world.artist(point)].filter(Boolean).join(" – ");
    const [x, y] = this.project(this.world.place(point)), [width] = this.size();
    tip.style.left = Math.max(8, Math.min(x + 12, width - tip.offsetWidth - 8)) + "px";
    tip.style.top = Math.max(8, y - tip.offsetHeight - 10) + "px";
  }

  madeLabels() {
    const box = document.getElementById("labels");
    const most = this.size()[0] < 640 ? 1 : 2;
    box.replaceChildren();
    return this.world.regions.map((region) => {
      const node = document.createElement("div");
      node.className = "region level-" + region.level;
      node.textContent = region.terms.slice(0, most).join(" · ");
      box.append(node);
      return { ...region, node, box: [node.offsetWidth, node.offsetHeight] };
    }).sort((a, b) => a.level - b.level || b.size - a.size);
  }

  // Labels that find room, wide regions first; those of small ones come when they are near.
  arrange() {
    const [width, height] = this.size();
    const closer = this.state.zoom - this.zoom;
    const taken = [];
    const isFree = (box) => box[0] > 4 && box[2] < width - 4 && box[1] > 4 && box[3] < height - 4 &&
      taken.every((other) => box[0] > other[2] + 6 || box[2] < other[0] - 6 ||
        box[1] > other[3] + 3 || box[3] < other[1] - 3);
    for (const { node, box: [w, h], place, level } of this.labels) {
      const [x, y] = this.project([place[0] * 1000, place[1] * 1000]);
      const box = closer < level * 0.9 - 0.05 ? undefined : SHIFTS
        .map((shift) => y + shift * h)
        .map((middle) => [x - w / 2, middle - h / 2, x + w / 2, middle + h / 2])
        .find(isFree);
      node.classList.toggle("there", box !== undefined);
      if (!box) continue;
      node.style.transform = `translate(${box[0]}px, ${box[1]}px)`;
      taken.push(box);
    }
  }
}
