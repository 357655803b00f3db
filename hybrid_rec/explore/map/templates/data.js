"use strict";

// What the page shows: facts, arrays by name, and playlists of items.

const TYPES = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };

async function unpacked(text) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let at = 0; at < raw.length; at++) bytes[at] = raw.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(stream).arrayBuffer();
  const size = new DataView(buffer).getUint32(0, true);
  const facts = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  const arrays = {};
  for (const [name, { type, at, length }] of Object.entries(facts.arrays)) {
    arrays[name] = new TYPES[type](buffer, 4 + size + at, length);
  }
  return { facts, arrays };
}

class World {
  constructor({ facts, arrays }) {
    const { items, playlists, placed, regions, blocks, neighbours, colours, by } = facts;
    Object.assign(this, { items, playlists, placed, regions, blocks, neighbours, colours, by });
    this.array = arrays;
    this.nItems = facts.items.ids.length;
    this.nPlaylists = facts.playlists.ids.length;
    // Items come first, and behind them playlists, whether these have a place or not.
    this.nPlaced = this.nItems + facts.placed;
    this.places = arrays.places.map((value) => value * 1000);
  }

  isPlaylist(point) { return point >= this.nItems; }

  title(point) {
    if (!this.isPlaylist(point)) return this.items.titles[point] || this.items.ids[point];
    const number = point - this.nItems;
    return (this.playlists.names && this.playlists.names[number]) || this.playlists.ids[number];
  }

  artist(point) {
    return this.isPlaylist(point) ? "" : this.items.artists[this.items.artist[point]];
  }

  hasPlace(point) { return point >= 0 && point < this.nPlaced; }

  place(point) { return [this.places[2 * point], this.places[2 * point + 1]]; }

  near(point, block) {
    const from = point * this.neighbours;
    return [...this.array["near " + block].subarray(from, from + this.neighbours)]
      .filter((other) => other >= 0);
  }

  itemsOf(playlist) {
    const number = playlist - this.nItems;
    const from = this.array["held from"];
    return [...new Set(this.array.held.subarray(from[number], from[number + 1]))];
  }

  playlistsOf(item) {
    if (!this.holding) this.holding = this.inverted();
    const { from, owners } = this.holding;
    return [...new Set(owners.subarray(from[item], from[item + 1]))];
  }

  inverted() {
    const { held, "held from": begins } = this.array;
    const from = new Int32Array(this.nItems + 1);
    for (const item of held) from[item + 1]++;
    for (let item = 0; item < this.nItems; item++) from[item + 1] += from[item];
    const next = from.slice();
    const owners = new Int32Array(held.length);
    for (let number = 0; number < this.nPlaylists; number++) {
      for (let at = begins[number]; at < begins[number + 1]; at++) {
        owners[next[held[at]]++] = this.nItems + number;
      }
    }
    return { from, owners };
  }
}

function folded(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

class Finder {
  constructor(world) {
    this.world = world;
    const n = world.nItems + world.nPlaylists;
    this.texts = new Array(n);
    this.titles = new Array(n);
    for (let point = 0; point < n; point++) {
      const title = folded(world.title(point));
      this.titles[point] = title;
      const id = world.isPlaylist(point) ? "" : folded(world.items.ids[point]);
      this.texts[point] = title + " " + folded(world.artist(point)) + " " + id;
    }
  }

  // The points that hold all words, those first whose title begins with them.
  find(text, most) {
    const asked = folded(text).trim();
    const words = asked.split(/\s+/).filter(Boolean);
    if (!words.length) return [];
    const found = [];
    for (let point = 0; point < this.texts.length; point++) {
      if (words.every((word) => this.texts[point].includes(word))) found.push(point);
    }
    const rank = new Map(found.map((point) => [point, this.rank(point, asked)]));
    const plays = (point) => (this.world.isPlaylist(point) ? 0 : this.world.array.plays[point]);
    found.sort((a, b) => rank.get(a) - rank.get(b) || plays(b) - plays(a) || a - b);
    return found.slice(0, most);
  }

  rank(point, asked) {
    const other = this.world.isPlaylist(point) ? 0.5 : 0;
    if (this.titles[point] === asked) return other;
    if (this.titles[point].startsWith(asked)) return 1 + other;
    return ((" " + this.texts[point]).includes(" " + asked) ? 2 : 3) + other;
  }
}
