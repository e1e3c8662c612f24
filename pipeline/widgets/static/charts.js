// Two small charts without a library: bars for counts, lines for curves.

function drawBars(model, el) {
  const items = model.get("items");
  const largest = Math.max(1e-9, ...items.map((item) => item.value));
  const total = items.reduce((sum, item) => sum + item.value, 0);
  const rows = items.map((item, index) => {
    const colour =
      item.colour_index === undefined || item.colour_index === null
        ? "var(--em-accent)"
        : categoryColour(item.colour_index);
    const share = total ? `${((100 * item.value) / total).toFixed(1)} %` : "";
    return make(
      "div",
      {
        class: "em-bars-row",
        role: "listitem",
        title: `${item.label}: ${formatNumber(item.value)}${share ? ` (${share})` : ""}`,
      },
      make("span", { class: "em-bars-label em-ellipsis" }, item.label),
      make(
        "span",
        { class: "em-bars-track" },
        make("i", { style: { width: `${((100 * item.value) / largest).toFixed(2)}%`, background: colour } }),
      ),
      make("span", { class: "em-bars-value em-num" }, formatNumber(item.value)),
      item.note !== undefined ? make("span", { class: "em-bars-note em-num em-muted" }, item.note) : null,
    );
  });
  const body = rows.length
    ? make("div", { class: "em-bars", role: "list" }, ...rows)
    : make("p", { class: "em-muted em-chart-empty" }, model.get("empty_text"));
  el.replaceChildren(chartCard(model, body));
}

function chartCard(model, ...body) {
  return make(
    "section",
    { class: "em-card em-chart", "aria-label": model.get("title") || undefined },
    model.get("title") ? make("h2", { class: "em-title" }, model.get("title")) : null,
    model.get("note") ? make("p", { class: "em-muted em-small em-chart-note" }, model.get("note")) : null,
    ...body,
  );
}

/** At most `wanted` round numbers that cover low to high. */
function roundTicks(low, high, wanted) {
  const span = high - low || Math.abs(high) || 1;
  const power = 10 ** Math.floor(Math.log10(span / wanted));
  const step = power * [1, 2, 5, 10].find((factor) => span / (factor * power) <= wanted);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

const LINE_MARGIN = { top: 10, right: 16, bottom: 40, left: 52 };

function drawLine(model, el, stage) {
  const series = model.get("series").filter((line) => line.points.length);
  const points = series.flatMap((line) => line.points);
  if (!points.length)
    return el.replaceChildren(
      chartCard(model, make("p", { class: "em-muted em-chart-empty" }, model.get("empty_text"))),
    );
  const legend =
    series.length < 2
      ? null
      : make(
          "div",
          { class: "em-legend-line" },
          ...series.map((line, index) =>
            make("span", {}, make("i", { class: "em-dot", style: { background: categoryColour(index) } }), line.name),
          ),
        );
  el.replaceChildren(chartCard(model, legend, stage));
  const width = Math.max(240, stage.clientWidth);
  const height = model.get("height");
  const xs = roundTicks(
    Math.min(...points.map(([x]) => x)),
    Math.max(...points.map(([x]) => x)),
    Math.max(2, Math.min(8, width / 90)),
  );
  const [yLow, yHigh] = [
    model.get("y_min") ?? Math.min(...points.map(([, y]) => y)),
    model.get("y_max") ?? Math.max(...points.map(([, y]) => y)),
  ];
  const ys = roundTicks(yLow, yHigh, 5);
  const { top, right, bottom, left } = LINE_MARGIN;
  const xAt = (x) => left + ((x - xs[0]) / (xs.at(-1) - xs[0])) * (width - left - right);
  const yAt = (y) => height - bottom - ((y - ys[0]) / (ys.at(-1) - ys[0])) * (height - top - bottom);
  const svg = makeSvg("svg", {
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": `${model.get("title") || "Curve"}: ${series.map((line) => `${line.name} ends at ${formatNumber(line.points.at(-1)[1])}`).join(", ")}`,
  });
  const words = (text, props) => {
    const node = makeSvg("text", props);
    node.textContent = text;
    return node;
  };
  for (const y of ys)
    svg.append(
      makeSvg("line", { x1: left, x2: width - right, y1: yAt(y), y2: yAt(y), class: "em-grid" }),
      words(formatNumber(y), { x: left - 9, y: yAt(y) + 4, class: "em-tick", "text-anchor": "end" }),
    );
  for (const x of xs)
    svg.append(
      words(formatNumber(x), { x: xAt(x), y: height - bottom + 18, class: "em-tick", "text-anchor": "middle" }),
    );
  svg.append(
    words(model.get("x_label"), {
      x: (left + width - right) / 2,
      y: height - 5,
      class: "em-tick",
      "text-anchor": "middle",
    }),
  );
  svg.append(
    words(model.get("y_label"), {
      x: 13,
      y: (top + height - bottom) / 2,
      class: "em-tick",
      "text-anchor": "middle",
      transform: `rotate(-90 13 ${(top + height - bottom) / 2})`,
    }),
  );
  series.forEach((line, index) => {
    const path = line.points.map(([x, y], i) => `${i ? "L" : "M"}${xAt(x).toFixed(1)} ${yAt(y).toFixed(1)}`).join("");
    svg.append(makeSvg("path", { d: path, class: "em-curve", style: `stroke:${categoryColour(index)}` }));
    for (const [x, y] of line.points.length <= 60 ? line.points : []) {
      const dot = makeSvg("circle", {
        cx: xAt(x),
        cy: yAt(y),
        r: 3.2,
        class: "em-curve-dot",
        style: `stroke:${categoryColour(index)}`,
      });
      const hint = makeSvg("title");
      hint.textContent = `${line.name}: ${formatNumber(y)} at ${formatNumber(x)}`;
      dot.append(hint);
      svg.append(dot);
    }
  });
  stage.replaceChildren(svg);
}

export default {
  render({ model, el }) {
    if (model.get("kind") === "bars") return drawOnChange(model, el, () => drawBars(model, el));
    const stage = make("div", { class: "em-line-stage" });
    const observer = new ResizeObserver(() => drawLine(model, el, stage));
    const end = drawOnChange(model, el, () => drawLine(model, el, stage));
    observer.observe(el);
    return () => {
      end();
      observer.disconnect();
    };
  },
};
