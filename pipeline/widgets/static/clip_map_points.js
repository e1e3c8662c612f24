// The points of the map: finding the nearest, and drawing them all into one ImageData, so that it needs no WebGL.

const MAP_PADDING = 0.06;
const MAP_MAX_ZOOM = 400;
const MAP_SKETCHED_FROM_N = 20000;

/** The points as they came (float32 x y pairs, uint16 categories, int32 ids), with a grid to find the nearest. */
class MapPoints {
  constructor(xy, category, ids, names) {
    Object.assign(this, { xy, category, ids, names, n: ids.length });
    this.bounds = this.#bounds();
    this.#index();
  }

  #bounds() {
    let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < this.n; i++) {
      const [x, y] = [this.xy[2 * i], this.xy[2 * i + 1]];
      if (x < x0) x0 = x;
      if (x > x1) x1 = x;
      if (y < y0) y0 = y;
      if (y > y1) y1 = y;
    }
    return this.n ? { x0, y0, width: x1 - x0 || 1, height: y1 - y0 || 1 } : { x0: 0, y0: 0, width: 1, height: 1 };
  }

  /** Points sorted by cell: cell c holds order[starts[c]] to order[starts[c + 1]]. */
  #index() {
    this.side = Math.max(1, Math.min(512, Math.round(Math.sqrt(this.n / 4))));
    const cells = new Uint32Array(this.n);
    this.starts = new Uint32Array(this.side * this.side + 1);
    for (let i = 0; i < this.n; i++) {
      cells[i] = this.#cellY(this.xy[2 * i + 1]) * this.side + this.#cellX(this.xy[2 * i]);
      this.starts[cells[i] + 1]++;
    }
    for (let c = 0; c < this.side * this.side; c++) this.starts[c + 1] += this.starts[c];
    const next = this.starts.slice();
    this.order = new Uint32Array(this.n);
    for (let i = 0; i < this.n; i++) this.order[next[cells[i]]++] = i;
  }

  #cellX(x) {
    return Math.min(this.side - 1, Math.max(0, Math.floor(((x - this.bounds.x0) / this.bounds.width) * this.side)));
  }
  #cellY(y) {
    return Math.min(this.side - 1, Math.max(0, Math.floor(((y - this.bounds.y0) / this.bounds.height) * this.side)));
  }

  /** Calls `visit(index)` for every point in the cells that the box touches. */
  inBox(x0, y0, x1, y1, visit) {
    const [left, right, low, high] = [this.#cellX(x0), this.#cellX(x1), this.#cellY(y0), this.#cellY(y1)];
    for (let row = low; row <= high; row++) {
      const [from, to] = [this.starts[row * this.side + left], this.starts[row * this.side + right + 1]];
      for (let k = from; k < to; k++) visit(this.order[k]);
    }
  }
}

function isInsideLine(line, x, y) {
  let isInside = false;
  for (let i = 0, j = line.length - 1; i < line.length; j = i++) {
    const [xi, yi] = line[i];
    const [xj, yj] = line[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) isInside = !isInside;
  }
  return isInside;
}

/** How much of each pixel a disc of this radius covers, and where those pixels lie from its centre. */
function discOf(radius) {
  const reach = Math.ceil(radius + 0.5);
  const [dx, dy, cover] = [[], [], []];
  for (let y = -reach; y <= reach; y++) {
    for (let x = -reach; x <= reach; x++) {
      const share = Math.max(0, Math.min(1, radius + 0.5 - Math.hypot(x, y)));
      if (share > 0.02) {
        dx.push(x);
        dy.push(y);
        cover.push(share);
      }
    }
  }
  return { dx: Int16Array.from(dx), dy: Int16Array.from(dy), cover: Float32Array.from(cover), reach };
}

/** CSS colour to [r, g, b], by the browser itself. */
function rgbOf(element, colour) {
  const probe = make("i", { style: { color: colour, display: "none" } });
  element.append(probe);
  const numbers = getComputedStyle(probe)
    .color.match(/[\d.]+/g)
    .slice(0, 3)
    .map(Number);
  probe.remove();
  return numbers;
}

/** The canvas's pixels, all of them ground [r, g, b]. */
function groundOf(canvas, ground) {
  const { width, height } = canvas;
  if (canvas.image?.width !== width || canvas.image?.height !== height)
    canvas.image = canvas.getContext("2d").createImageData(width, height);
  new Uint32Array(canvas.image.data.buffer).fill(pixelOf(ground));
  return canvas.image;
}

const pixelOf = ([r, g, b]) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;

/**
 * Draws points into the canvas's pixels over `ground` [r, g, b]; `isShown` by category, `isSelected` by point (null: no
 * selection). Whole numbers over an opaque ground: a third of the time of blending with transparency.
 */
function paintPoints(canvas, points, { place, colours, ground, isShown, isSelected, radius, opacity }) {
  const { width, height } = canvas;
  const image = groundOf(canvas, ground);
  const bytes = new Uint8Array(image.data.buffer);
  const { dx, dy, cover, reach } = discOf(radius);
  const offsets = Int32Array.from(dx, (x, k) => (dy[k] * width + x) * 4);
  const { xy, category, n } = points;
  const { scaleX, shiftX, scaleY, shiftY } = place;
  for (let pass = isSelected ? 0 : 1; pass < 2; pass++) {
    const strength = pass === 0 ? opacity * 0.09 : isSelected ? 1 : opacity;
    const alphas = Int32Array.from(cover, (share) => Math.round(share * strength * 256));
    for (let i = 0; i < n; i++) {
      if (!isShown[category[i]] || (isSelected !== null && isSelected[i] !== pass)) continue;
      const x = Math.round(xy[2 * i] * scaleX + shiftX);
      const y = Math.round(xy[2 * i + 1] * scaleY + shiftY);
      if (x < reach || y < reach || x >= width - reach || y >= height - reach) continue;
      const [r, g, b] = colours[category[i]];
      const at = (y * width + x) * 4;
      for (let k = 0; k < offsets.length; k++) {
        const p = at + offsets[k];
        bytes[p] += ((r - bytes[p]) * alphas[k]) >> 8;
        bytes[p + 1] += ((g - bytes[p + 1]) * alphas[k]) >> 8;
        bytes[p + 2] += ((b - bytes[p + 2]) * alphas[k]) >> 8;
      }
    }
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** The same, as small crosses that cover what they lie on: a tenth of the time. */
function sketchPoints(canvas, points, { place, colours, ground, isShown, isSelected, opacity }) {
  const { width, height } = canvas;
  const image = groundOf(canvas, ground);
  const pixels = new Uint32Array(image.data.buffer);
  const { xy, category, n } = points;
  const { scaleX, shiftX, scaleY, shiftY } = place;
  for (let pass = isSelected ? 0 : 1; pass < 2; pass++) {
    const strength = pass === 0 ? opacity * 0.2 : isSelected ? 1 : Math.sqrt(opacity);
    const inks = colours.map((colour) =>
      pixelOf(colour.map((value, c) => Math.round(ground[c] + (value - ground[c]) * strength))),
    );
    for (let i = 0; i < n; i++) {
      if (!isShown[category[i]] || (isSelected !== null && isSelected[i] !== pass)) continue;
      const x = Math.round(xy[2 * i] * scaleX + shiftX);
      const y = Math.round(xy[2 * i + 1] * scaleY + shiftY);
      if (x < 1 || y < 1 || x >= width - 1 || y >= height - 1) continue;
      const at = y * width + x;
      const ink = inks[category[i]];
      pixels[at - width] = pixels[at - 1] = pixels[at] = pixels[at + 1] = pixels[at + width] = ink;
    }
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function copyOf(view, Kind) {
  return new Kind(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

/** What of the map is on the stage: from the map's units to pixels and back, moved and zoomed. */
function makeMapCamera(stage) {
  let bounds = { x0: 0, y0: 0, width: 1, height: 1 };
  let [x, y, scale] = [0, 0, 1];

  /** Pixels for one unit of the map, the same in both directions. */
  function unit() {
    const room = 1 - 2 * MAP_PADDING;
    return Math.min((stage.clientWidth * room) / bounds.width, (stage.clientHeight * room) / bounds.height) * scale;
  }
  const camera = {
    unit,
    scale: () => scale,
    toX: (mapX) => (mapX - x) * unit() + stage.clientWidth / 2,
    toY: (mapY) => stage.clientHeight / 2 - (mapY - y) * unit(),
    fromX: (px) => (px - stage.clientWidth / 2) / unit() + x,
    fromY: (py) => (stage.clientHeight / 2 - py) / unit() + y,
    showAll(all) {
      bounds = all;
      [x, y, scale] = [all.x0 + all.width / 2, all.y0 + all.height / 2, 1];
    },
    /** The place under the pixel stays where it is. */
    zoom(factor, px, py) {
      const [mapX, mapY] = [camera.fromX(px), camera.fromY(py)];
      scale = Math.max(0.5, Math.min(MAP_MAX_ZOOM, scale * factor));
      x += mapX - camera.fromX(px);
      y += mapY - camera.fromY(py);
    },
    move(dx, dy) {
      x -= dx / unit();
      y += dy / unit();
    },
  };
  return camera;
}
