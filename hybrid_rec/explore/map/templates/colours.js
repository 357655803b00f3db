// Colours of points, for a bright and a dark page.

const dark = matchMedia("(prefers-color-scheme: dark)");
const OTHER = 254, MISSING = 255;
const BRIGHT_VALUES = [
  "#2f6fd0", "#d9541e", "#148a5b", "#b13fa0", "#a97b00", "#0f8ca8", "#c62f4b", "#6a53c9",
  "#5f8a1e", "#8f5a3c", "#d0699a", "#3d7f8f",
];
const DARK_VALUES = [
  "#6ea8ff", "#ff8a55", "#41c997", "#e07fd2", "#e6bb3f", "#4cc7e3", "#ff7088", "#a794ff",
  "#a3cf5b", "#c99474", "#f2a3c4", "#7fb8c6",
];
const BRIGHT_SHADES = ["#b9cfe8", "#3f8fb8", "#123b6d"];
const DARK_SHADES = ["#27496b", "#4aa3c7", "#d8f3ee"];

function rgb(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

function greys() {
  return dark.matches ? { other: [122, 130, 140], missing: [74, 80, 88] }
    : { other: [150, 157, 166], missing: [205, 210, 216] };
}

function valueColour(code) {
  if (code >= OTHER) return code === OTHER ? greys().other : greys().missing;
  const colours = dark.matches ? DARK_VALUES : BRIGHT_VALUES;
  return rgb(colours[code % colours.length]);
}

function shadeColour(code) {
  if (code === MISSING) return greys().missing;
  const shades = (dark.matches ? DARK_SHADES : BRIGHT_SHADES).map(rgb);
  const at = Math.min(code / 250, 0.9999) * (shades.length - 1);
  const low = Math.floor(at);
  return shades[low].map((value, i) => value + (shades[low + 1][i] - value) * (at - low));
}

// The colour of each code of a column, and the colours of the points.
function coloursOf(world, number) {
  const colour = world.colours[number].ends ? shadeColour : valueColour;
  const table = Array.from({ length: 256 }, (_, code) => colour(code));
  const codes = world.array["colour " + number];
  const alpha = world.nItems > 50000 ? 150 : 190;
  const colours = new Uint8Array(4 * world.nItems);
  for (let item = 0; item < world.nItems; item++) {
    const own = codes[item] < codes.length || codes[item] > 0 ? table[codes[item]] : table[0];
    colours[4 * item] = own[0];
    colours[4 * item + 1] = own[1];
    colours[4 * item + 2] = own[2];
    colours[4 * item + 3] = alpha;
  }
  return colours;
}
