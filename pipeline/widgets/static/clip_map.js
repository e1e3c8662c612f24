// The map of an encoder's embeddings: every clip a point, drawn into one ImageData, so that it needs no WebGL.
// Pan by dragging, zoom by the wheel, hear a point by hovering or clicking, select by Shift and a drawn line.

const MAP_PADDING = 0.06;
const MAP_MAX_ZOOM = 400;
const PICK_RADIUS_PX = 9;
const HOVER_DELAY_MS = 140;

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

  #cellX(x) { return Math.min(this.side - 1, Math.max(0, Math.floor(((x - this.bounds.x0) / this.bounds.width) * this.side))); }
  #cellY(y) { return Math.min(this.side - 1, Math.max(0, Math.floor(((y - this.bounds.y0) / this.bounds.height) * this.side))); }

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
      if (share > 0.02) { dx.push(x); dy.push(y); cover.push(share); }
    }
  }
  return { dx: Int16Array.from(dx), dy: Int16Array.from(dy), cover: Float32Array.from(cover), reach };
}

/** CSS colour to [r, g, b], by the browser itself. */
function rgbOf(element, colour) {
  const probe = make("i", { style: { color: colour, display: "none" } });
  element.append(probe);
  const numbers = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
  probe.remove();
  return numbers;
}

/** Draws points into the canvas's pixels; `isShown` by category, `isSelected` by point (null: no selection). */
function paintPoints(canvas, points, { toX, toY, colours, isShown, isSelected, radius, opacity }) {
  const { width, height } = canvas;
  const brush = canvas.getContext("2d");
  const image = brush.createImageData(width, height);
  const pixels = image.data;
  const disc = discOf(radius);
  const { xy, category } = points;
  const [scaleX, shiftX, scaleY, shiftY] = [toX(1) - toX(0), toX(0), toY(1) - toY(0), toY(0)];
  for (let pass = isSelected ? 0 : 1; pass < 2; pass++) {
    for (let i = 0; i < points.n; i++) {
      if (!isShown[category[i]] || (isSelected && isSelected[i] !== pass)) continue;
      const x = Math.round(xy[2 * i] * scaleX + shiftX);
      const y = Math.round(xy[2 * i + 1] * scaleY + shiftY);
      if (x < -disc.reach || y < -disc.reach || x > width + disc.reach || y > height + disc.reach) continue;
      const colour = colours[category[i]];
      const strength = pass === 0 ? opacity * 0.22 : isSelected ? 1 : opacity;
      for (let k = 0; k < disc.cover.length; k++) {
        const px = x + disc.dx[k];
        const py = y + disc.dy[k];
        if (px < 0 || py < 0 || px >= width || py >= height) continue;
        blend(pixels, (py * width + px) * 4, colour, disc.cover[k] * strength);
      }
    }
  }
  brush.putImageData(image, 0, 0);
}

/** One colour over what is there, both with their own opacity. */
function blend(pixels, at, colour, alpha) {
  const below = (pixels[at + 3] / 255) * (1 - alpha);
  const total = alpha + below;
  pixels[at] = (colour[0] * alpha + pixels[at] * below) / total;
  pixels[at + 1] = (colour[1] * alpha + pixels[at + 1] * below) / total;
  pixels[at + 2] = (colour[2] * alpha + pixels[at + 2] * below) / total;
  pixels[at + 3] = total * 255;
}

function copyOf(view, Kind) {
  return new Kind(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

export default {
  render({ model, el }) {
    const cache = new ClipCache(model, { max: 48 });
    const player = new Player();
    let points = null;
    let view = { x: 0, y: 0, scale: 1 };
    let isShown = [];
    let isSelected = null;
    let hovered = -1;
    let lasso = null;
    let frame = 0;
    let hearsOnHover = false;
    let hoverTimer = 0;
    let wanted = null;

    const canvas = make("canvas", { class: "em-map-points" });
    const overlay = make("canvas", { class: "em-map-overlay" });
    const tip = make("div", { class: "em-map-tip", hidden: true });
    const empty = make("p", { class: "em-map-empty em-muted" }, "Loading the map…");
    const stage = make("div", { class: "em-map-stage", tabIndex: 0, role: "application", "aria-label": "Map of clips. Arrow keys move, plus and minus zoom, zero shows everything, Enter plays the clip nearest to the middle." }, canvas, overlay, tip, empty);
    const legend = make("aside", { class: "em-map-legend", "aria-label": "Categories" });
    const status = make("div", { class: "em-grow em-map-status", role: "status" });
    const hearing = make("label", { class: "em-map-hear" }, make("input", { type: "checkbox", onchange: (event) => { hearsOnHover = event.target.checked; } }), "play on hover");
    const clear = makeButton({ text: "Clear selection", kind: "em-small", onclick: () => select(null), hidden: true });
    const card = make("section", { class: "em-card em-map" },
      make("header", { class: "em-map-head" }, make("h2", { class: "em-title" }, model.get("title")), status, clear, hearing,
        makeButton({ iconName: "minus", title: "Zoom out (−)", kind: "em-icon em-small", onclick: () => zoomAt(0.6) }),
        makeButton({ iconName: "plus", title: "Zoom in (+)", kind: "em-icon em-small", onclick: () => zoomAt(1.7) }),
        makeButton({ iconName: "fit", title: "Show everything (0)", kind: "em-icon em-small", onclick: showAll })),
      make("div", { class: "em-map-body" }, stage, legend),
      make("p", { class: "em-map-keys em-muted em-small" }, make("span", {}, "drag to move"), make("span", {}, "wheel to zoom"), make("span", {}, "click to hear"), make("span", {}, make("kbd", {}, "Shift"), " + drag to select")));
    stage.style.height = `${model.get("height")}px`;
    el.classList.add("em", "em-map-root");
    el.setAttribute("data-lm-suppress-shortcuts", "true");
    el.append(card);

    // ------------------------------------------------------------------------------------------ where things are

    const ratio = () => window.devicePixelRatio || 1;
    const size = () => ({ width: stage.clientWidth, height: stage.clientHeight });

    /** Pixels on the stage for one unit of the map, at zoom 1 the same in both directions. */
    function unit() {
      const { width, height } = size();
      const room = 1 - 2 * MAP_PADDING;
      return Math.min((width * room) / points.bounds.width, (height * room) / points.bounds.height) * view.scale;
    }
    const toX = (x) => (x - view.x) * unit() + size().width / 2;
    const toY = (y) => size().height / 2 - (y - view.y) * unit();
    const fromX = (px) => (px - size().width / 2) / unit() + view.x;
    const fromY = (py) => (size().height / 2 - py) / unit() + view.y;
    const placeOf = (event) => { const box = stage.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };

    function showAll() {
      if (!points) return;
      view = { x: points.bounds.x0 + points.bounds.width / 2, y: points.bounds.y0 + points.bounds.height / 2, scale: 1 };
      redraw();
    }

    function zoomAt(factor, [px, py] = [size().width / 2, size().height / 2]) {
      if (!points) return;
      const [x, y] = [fromX(px), fromY(py)];
      view.scale = Math.max(0.5, Math.min(MAP_MAX_ZOOM, view.scale * factor));
      view.x += x - fromX(px);
      view.y += y - fromY(py);
      redraw();
    }

    function moveBy(dx, dy) {
      view.x -= dx / unit();
      view.y += dy / unit();
      redraw();
    }

    function nearest(px, py, radius = PICK_RADIUS_PX) {
      let [best, bestDistance] = [-1, radius * radius];
      const reach = radius / unit();
      const [x, y] = [fromX(px), fromY(py)];
      points.inBox(x - reach, y - reach, x + reach, y + reach, (i) => {
        if (!isShown[points.category[i]]) return;
        const distance = (toX(points.xy[2 * i]) - px) ** 2 + (toY(points.xy[2 * i + 1]) - py) ** 2;
        if (distance < bestDistance) [best, bestDistance] = [i, distance];
      });
      return best;
    }

    // ------------------------------------------------------------------------------------------ drawing

    function redraw() {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(draw);
    }

    function draw() {
      const start = performance.now();
      for (const layer of [canvas, overlay]) {
        const [width, height] = [Math.max(1, Math.round(size().width * ratio())), Math.max(1, Math.round(size().height * ratio()))];
        if (layer.width !== width || layer.height !== height) Object.assign(layer, { width, height });
      }
      if (!points) return;
      const colours = model.get("categories").map((category, index) => rgbOf(el, category.colour ?? categoryColour(index)));
      const crowd = Math.max(0, Math.log10(points.n / 500));
      const radius = Math.min(7, Math.max(1.1, (4.6 - 1.15 * crowd) * Math.min(2, view.scale ** 0.35))) * ratio();
      const scaled = (transform) => (value) => transform(value) * ratio();
      paintPoints(canvas, points, { toX: scaled(toX), toY: scaled(toY), colours, isShown, isSelected, radius, opacity: Math.max(0.45, 0.9 - 0.15 * crowd) });
      drawOverlay();
      stage.dataset.drawMs = (performance.now() - start).toFixed(1);
    }

    function drawOverlay() {
      const brush = overlay.getContext("2d");
      brush.setTransform(ratio(), 0, 0, ratio(), 0, 0);
      brush.clearRect(0, 0, size().width, size().height);
      if (lasso) {
        brush.beginPath();
        lasso.forEach(([px, py], i) => (i ? brush.lineTo(px, py) : brush.moveTo(px, py)));
        brush.closePath();
        brush.strokeStyle = tokenOf(el, "--em-accent");
        brush.lineWidth = 1.5;
        brush.setLineDash([5, 4]);
        brush.stroke();
        brush.globalAlpha = 0.1;
        brush.fillStyle = brush.strokeStyle;
        brush.fill();
        brush.globalAlpha = 1;
        brush.setLineDash([]);
      }
      if (hovered >= 0) {
        brush.beginPath();
        brush.arc(toX(points.xy[2 * hovered]), toY(points.xy[2 * hovered + 1]), 8, 0, 7);
        brush.strokeStyle = tokenOf(el, "--em-text");
        brush.lineWidth = 2;
        brush.stroke();
      }
    }

    function drawLegend() {
      const counts = new Uint32Array(model.get("categories").length);
      if (points) for (const category of points.category) counts[category]++;
      legend.replaceChildren(...model.get("categories").map((category, index) =>
        make("button", { type: "button", class: "em-map-category", "aria-pressed": String(Boolean(isShown[index])), title: `${category.name}: click to hide or show, double click for this one alone`, onclick: () => toggleCategory(index), ondblclick: () => showOnly(index) },
          make("i", { class: "em-dot", style: { background: category.colour ?? categoryColour(index) } }),
          make("span", { class: "em-ellipsis em-grow" }, category.name), make("span", { class: "em-num em-muted" }, formatNumber(counts[index])))));
    }

    function toggleCategory(index) {
      isShown[index] = isShown[index] ? 0 : 1;
      showCategories();
    }

    function showOnly(index) {
      const isAlone = isShown.every((shown, i) => Boolean(shown) === (i === index));
      isShown = isShown.map((_, i) => (isAlone || i === index ? 1 : 0));
      showCategories();
    }

    function showCategories() {
      [...legend.children].forEach((button, index) => button.setAttribute("aria-pressed", String(Boolean(isShown[index]))));
      hovered = -1;
      tip.hidden = true;
      redraw();
    }

    function tell(text, isTrouble = false) {
      status.classList.toggle("em-tone-bad", isTrouble);
      status.textContent = text;
    }
    const tellCount = () => tell(isSelected ? "" : `${formatNumber(points.n)} clips`);

    // ------------------------------------------------------------------------------------------ pointing, hearing

    const nameOf = (i) => visibleText(points.names?.[i] ?? `clip ${points.ids[i]}`);
    const categoryName = (i) => model.get("categories")[points.category[i]]?.name ?? "";

    function hover(px, py) {
      const next = nearest(px, py);
      if (next !== hovered) {
        hovered = next;
        clearTimeout(hoverTimer);
        if (next >= 0 && hearsOnHover) hoverTimer = setTimeout(() => hear(next), HOVER_DELAY_MS);
        if (next >= 0) tip.replaceChildren(make("b", {}, nameOf(next)), make("span", {}, make("i", { class: "em-dot", style: { background: model.get("categories")[points.category[next]]?.colour ?? categoryColour(points.category[next]) } }), categoryName(next)));
        drawOverlay();
      }
      stage.classList.toggle("em-on-point", next >= 0);
      tip.hidden = next < 0;
      if (next >= 0) placeTip(toX(points.xy[2 * next]), toY(points.xy[2 * next + 1]));
    }

    function placeTip(x, y) {
      const left = x + 16 + tip.offsetWidth > size().width ? x - 14 - tip.offsetWidth : x + 14;
      tip.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, Math.min(size().height - tip.offsetHeight - 4, y - tip.offsetHeight / 2))}px)`;
    }

    async function hear(index) {
      const id = points.ids[index];
      wanted = id;
      try {
        const entry = await cache.get(id);
        if (wanted !== id) return;
        player.load(entry);
        player.play(0);
        stage.dataset.heard = id;
        if (!isSelected) tell(`Playing ${nameOf(index)}`);
      } catch (error) {
        tell(`Cannot play ${nameOf(index)}: ${error.message}`, true);
      }
    }

    /** @param {Uint8Array | null} marks  one byte a point */
    function select(marks) {
      isSelected = marks;
      clear.hidden = !marks;
      const ids = marks ? Array.from(points.ids.filter((_, i) => marks[i])) : [];
      model.send({ type: "selected", ids });
      if (marks) tell(`${formatNumber(ids.length)} clips selected`);
      else tellCount();
      redraw();
    }

    function finishLasso() {
      const line = lasso;
      lasso = null;
      const isBox = line.length < 3;
      if (isBox) return drawOverlay();
      const marks = new Uint8Array(points.n);
      const [xs, ys] = [line.map(([px]) => fromX(px)), line.map(([, py]) => fromY(py))];
      let n = 0;
      points.inBox(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys), (i) => {
        if (isShown[points.category[i]] && isInsideLine(line, toX(points.xy[2 * i]), toY(points.xy[2 * i + 1]))) { marks[i] = 1; n++; }
      });
      if (n) select(marks);
      else { tell("No clip lies inside that line."); drawOverlay(); }
    }

    function onPointerDown(event) {
      if (event.button !== 0 || !points) return;
      stage.setPointerCapture(event.pointerId);
      const from = placeOf(event);
      let last = from;
      let isDrag = false;
      if (event.shiftKey) lasso = [from];
      const move = (next) => {
        const place = placeOf(next);
        if (lasso) { lasso.push(place); drawOverlay(); }
        else if (isDrag || Math.hypot(place[0] - from[0], place[1] - from[1]) > 4) {
          isDrag = true;
          tip.hidden = true;
          moveBy(place[0] - last[0], place[1] - last[1]);
        }
        last = place;
      };
      const up = () => {
        stage.removeEventListener("pointermove", move);
        stage.removeEventListener("pointerup", up);
        stage.removeEventListener("pointercancel", up);
        if (lasso) finishLasso();
        else if (!isDrag) { const index = nearest(...from); if (index >= 0) hear(index); }
      };
      stage.addEventListener("pointermove", move);
      stage.addEventListener("pointerup", up);
      stage.addEventListener("pointercancel", up);
    }

    function onKey(event) {
      if (!points || event.ctrlKey || event.metaKey || event.altKey) return;
      const moves = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
      if (moves[event.key]) moveBy(...moves[event.key]);
      else if (event.key === "+" || event.key === "=") zoomAt(1.4);
      else if (event.key === "-") zoomAt(1 / 1.4);
      else if (event.key === "0") showAll();
      else if (event.key === "Escape") { player.stop(); if (isSelected) select(null); }
      else if (event.key === "Enter") { hover(size().width / 2, size().height / 2); const index = nearest(size().width / 2, size().height / 2, 400); if (index >= 0) hear(index); }
      else return;
      event.preventDefault();
      event.stopPropagation();
    }

    // ------------------------------------------------------------------------------------------ kernel

    function onMessage(message, buffers) {
      if (message.type === "error") tell(message.message, true);
      else if (message.type === "told") tell(message.message);
      else if (message.type === "points") {
        const [xy, category, ids, names] = buffers;
        points = new MapPoints(copyOf(xy, Float32Array), copyOf(category, Uint16Array), copyOf(ids, Int32Array), names.byteLength ? new TextDecoder().decode(names).split("\0") : null);
        isShown = model.get("categories").map(() => 1);
        isSelected = null;
        hovered = -1;
        clear.hidden = true;
        empty.hidden = points.n > 0;
        empty.textContent = model.get("empty_text");
        stage.dataset.n = points.n;
        drawLegend();
        tellCount();
        showAll();
      } else cache.receive(message, buffers);
    }

    model.on("msg:custom", onMessage);
    stage.addEventListener("pointerdown", onPointerDown);
    stage.addEventListener("pointermove", (event) => { if (points && !event.buttons) hover(...placeOf(event)); });
    stage.addEventListener("pointerleave", () => { hovered = -1; tip.hidden = true; clearTimeout(hoverTimer); drawOverlay(); });
    stage.addEventListener("wheel", (event) => { event.preventDefault(); zoomAt(Math.exp(-event.deltaY * 0.0016), placeOf(event)); }, { passive: false });
    stage.addEventListener("keydown", onKey);
    const endTheme = watchTheme(redraw);
    const observer = new ResizeObserver(redraw);
    observer.observe(stage);
    model.send({ type: "points" });
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(hoverTimer);
      observer.disconnect();
      endTheme();
      model.off("msg:custom", onMessage);
      player.destroy();
      cache.destroy();
    };
  },
};
