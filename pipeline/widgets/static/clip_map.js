// The map of an encoder's embeddings: every clip a point. Joined after clip_map_points.js and clip_map_frame.js.
// Pan by dragging, zoom by the wheel, hear a point by hovering or clicking, select by Shift and a drawn line.

const PICK_RADIUS_PX = 9;
const HOVER_DELAY_MS = 140;
const STILL_AFTER_MS = 160;

export default {
  render({ model, el }) {
    const cache = new ClipCache(model, { max: 48 });
    const player = new Player();
    let points = null;
    let isShown = [];
    let isSelected = null;
    let hovered = -1;
    let lasso = null;
    let frame = 0;
    let hoverTimer = 0;
    let stillTimer = 0;
    let inked = null;
    let wanted = null;

    const { card, stage, canvas, overlay, tip, empty, legend, status, hearing, clear, like } = makeMapFrame(
      model.get("title"),
      {
        zoomOut: () => zoomAt(0.6),
        zoomIn: () => zoomAt(1.7),
        showAll,
        clearSelection: () => select(null),
        like: () => model.send({ type: "like", id: Number(stage.dataset.heard) }),
      },
    );
    const camera = makeMapCamera(stage);
    stage.style.height = `${model.get("height")}px`;
    el.classList.add("em", "em-map-root");
    el.setAttribute("data-lm-suppress-shortcuts", "true");
    el.append(card);

    // ------------------------------------------------------------------------------------------ where things are

    const ratio = () => window.devicePixelRatio || 1;
    const size = () => ({ width: stage.clientWidth, height: stage.clientHeight });
    const { toX, toY, fromX, fromY } = camera;
    const placeOf = (event) => {
      const box = stage.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };

    function showAll() {
      if (!points) return;
      camera.showAll(points.bounds);
      redraw();
    }

    function zoomAt(factor, [px, py] = [size().width / 2, size().height / 2]) {
      if (!points) return;
      camera.zoom(factor, px, py);
      redrawMoving();
    }

    function moveBy(dx, dy) {
      camera.move(dx, dy);
      redrawMoving();
    }

    function nearest(px, py, radius = PICK_RADIUS_PX) {
      let [best, bestDistance] = [-1, radius * radius];
      const reach = radius / camera.unit();
      const [x, y] = [fromX(px), fromY(py)];
      points.inBox(x - reach, y - reach, x + reach, y + reach, (i) => {
        if (!isShown[points.category[i]]) return;
        const distance = (toX(points.xy[2 * i]) - px) ** 2 + (toY(points.xy[2 * i + 1]) - py) ** 2;
        if (distance < bestDistance) [best, bestDistance] = [i, distance];
      });
      return best;
    }

    // ------------------------------------------------------------------------------------------ drawing

    /** The colours of the theme as numbers; asking the browser for them takes longer than a frame may. */
    function inks() {
      inked ??= {
        ground: rgbOf(el, "var(--em-stage)"),
        colours: model.get("categories").map((one, index) => rgbOf(el, one.colour ?? categoryColour(index))),
      };
      return inked;
    }

    function redraw() {
      clearTimeout(stillTimer);
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => draw(false));
    }

    /** Many points are only sketched as long as they move, so that they follow the hand. */
    function redrawMoving() {
      if (points.n < MAP_SKETCHED_FROM_N) return redraw();
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => draw(true));
      clearTimeout(stillTimer);
      stillTimer = setTimeout(redraw, STILL_AFTER_MS);
    }

    function draw(isSketch) {
      const start = performance.now();
      for (const layer of [canvas, overlay]) {
        const [width, height] = [
          Math.max(1, Math.round(size().width * ratio())),
          Math.max(1, Math.round(size().height * ratio())),
        ];
        if (layer.width !== width || layer.height !== height) Object.assign(layer, { width, height });
      }
      if (!points) return;
      const crowd = Math.max(0, Math.log10(points.n / 500));
      const radius = Math.min(7, Math.max(1.1, (4.6 - 1.15 * crowd) * Math.min(2, camera.scale() ** 0.35))) * ratio();
      const [scaleX, scaleY] = [camera.unit() * ratio(), -camera.unit() * ratio()];
      const place = { scaleX, scaleY, shiftX: toX(0) * ratio(), shiftY: toY(0) * ratio() };
      (isSketch ? sketchPoints : paintPoints)(canvas, points, {
        place,
        ...inks(),
        isShown,
        isSelected,
        radius,
        opacity: Math.max(0.45, 0.9 - 0.15 * crowd),
      });
      drawOverlay();
      stage.dataset.drawMs = (performance.now() - start).toFixed(1);
    }

    function drawOverlay() {
      const ring = hovered < 0 ? null : [toX(points.xy[2 * hovered]), toY(points.xy[2 * hovered + 1])];
      paintMapOverlay(overlay, { ratio: ratio(), lasso, ring });
    }

    function drawLegend() {
      const counts = new Uint32Array(model.get("categories").length);
      if (points) for (const category of points.category) counts[category]++;
      legend.replaceChildren(
        ...model.get("categories").map((category, index) =>
          make(
            "button",
            {
              type: "button",
              class: "em-map-category",
              "aria-pressed": String(Boolean(isShown[index])),
              title: `${category.name}: click to hide or show, double click for this one alone, Shift + click to select`,
              onclick: (event) => (event.shiftKey ? selectCategory(index) : toggleCategory(index)),
              ondblclick: () => showOnly(index),
            },
            make("i", { class: "em-dot", style: { background: category.colour ?? categoryColour(index) } }),
            make("span", { class: "em-ellipsis em-grow" }, category.name),
            make("span", { class: "em-num em-muted" }, formatNumber(counts[index])),
          ),
        ),
      );
    }

    function selectCategory(index) {
      select(Uint8Array.from(points.category, (category) => (category === index ? 1 : 0)));
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
      [...legend.children].forEach((button, index) =>
        button.setAttribute("aria-pressed", String(Boolean(isShown[index]))),
      );
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
        if (next >= 0 && hearing.checked) hoverTimer = setTimeout(() => hear(next), HOVER_DELAY_MS);
        if (next >= 0)
          tip.replaceChildren(
            make("b", {}, nameOf(next)),
            make(
              "span",
              {},
              make("i", {
                class: "em-dot",
                style: {
                  background:
                    model.get("categories")[points.category[next]]?.colour ?? categoryColour(points.category[next]),
                },
              }),
              categoryName(next),
            ),
          );
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
        like.hidden = !model.get("has_search");
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
      if (line.length < 3) return drawOverlay();
      const marks = new Uint8Array(points.n);
      const [xs, ys] = [line.map(([px]) => fromX(px)), line.map(([, py]) => fromY(py))];
      let n = 0;
      points.inBox(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys), (i) => {
        if (isShown[points.category[i]] && isInsideLine(line, toX(points.xy[2 * i]), toY(points.xy[2 * i + 1]))) {
          marks[i] = 1;
          n++;
        }
      });
      if (n) select(marks);
      else {
        tell("No clip lies inside that line.");
        drawOverlay();
      }
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
        if (lasso) {
          lasso.push(place);
          drawOverlay();
        } else if (isDrag || Math.hypot(place[0] - from[0], place[1] - from[1]) > 4) {
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
        else if (!isDrag) {
          const index = nearest(...from);
          if (index >= 0) hear(index);
        }
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
      else if (event.key === "m" && !like.hidden) like.click();
      else if (event.key === "Escape") {
        player.stop();
        if (isSelected) select(null);
      } else if (event.key === "Enter") {
        hover(size().width / 2, size().height / 2);
        const index = nearest(size().width / 2, size().height / 2, 400);
        if (index >= 0) hear(index);
      } else return;
      event.preventDefault();
      event.stopPropagation();
    }

    // ------------------------------------------------------------------------------------------ kernel

    function onMessage(message, buffers) {
      if (message.type === "error") tell(message.message, true);
      else if (message.type === "told") tell(message.message);
      else if (message.type === "points") {
        const [xy, category, ids, names] = buffers;
        const kept = message.is_view_kept && isSelected ? new Set(points.ids.filter((_, i) => isSelected[i])) : null;
        points = new MapPoints(
          copyOf(xy, Float32Array),
          copyOf(category, Uint16Array),
          copyOf(ids, Int32Array),
          names.byteLength ? new TextDecoder().decode(names).split("\0") : null,
        );
        isShown = model.get("categories").map(() => 1);
        inked = null;
        isSelected = kept && Uint8Array.from(points.ids, (id) => (kept.has(id) ? 1 : 0));
        hovered = -1;
        clear.hidden = !isSelected;
        empty.hidden = points.n > 0;
        empty.textContent = model.get("empty_text");
        stage.dataset.n = points.n;
        drawLegend();
        if (message.is_view_kept) redraw();
        else {
          tellCount();
          showAll();
        }
      } else cache.receive(message, buffers);
    }

    model.on("msg:custom", onMessage);
    stage.addEventListener("pointerdown", onPointerDown);
    stage.addEventListener("pointermove", (event) => {
      if (points && !event.buttons) hover(...placeOf(event));
    });
    stage.addEventListener("pointerleave", () => {
      hovered = -1;
      tip.hidden = true;
      clearTimeout(hoverTimer);
      drawOverlay();
    });
    stage.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        zoomAt(Math.exp(-event.deltaY * 0.0016), placeOf(event));
      },
      { passive: false },
    );
    stage.addEventListener("keydown", onKey);
    const endTheme = watchTheme(() => {
      inked = null;
      redraw();
    });
    const observer = new ResizeObserver(redraw);
    observer.observe(stage);
    model.send({ type: "points" });
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(hoverTimer);
      clearTimeout(stillTimer);
      observer.disconnect();
      endTheme();
      model.off("msg:custom", onMessage);
      player.destroy();
      cache.destroy();
    };
  },
};
