// The map's surroundings: title, buttons, stage with its two canvases, legend, and the words on how to use it.

/** The elements of the map; `actions`: zoomOut, zoomIn, showAll, clearSelection, like. */
function makeMapFrame(title, actions) {
  const canvas = make("canvas", { class: "em-map-points" });
  const overlay = make("canvas", { class: "em-map-overlay" });
  const tip = make("div", { class: "em-map-tip", hidden: true });
  const empty = make("p", { class: "em-map-empty em-muted" }, "Loading the map…");
  const stage = make(
    "div",
    {
      class: "em-map-stage",
      tabIndex: 0,
      role: "application",
      "aria-label":
        "Map of clips. Arrow keys move, plus and minus zoom, zero shows everything, Enter plays the clip nearest to the middle.",
    },
    canvas,
    overlay,
    tip,
    empty,
  );
  const legend = make("aside", { class: "em-map-legend", "aria-label": "Categories" });
  const status = make("div", { class: "em-grow em-map-status", role: "status" });
  const hearing = make("input", { type: "checkbox" });
  const clear = makeButton({
    text: "Clear selection",
    kind: "em-small",
    onclick: actions.clearSelection,
    hidden: true,
  });
  const like = makeButton({
    text: "More like this",
    title: "Search by the clip that was heard last (M)",
    kind: "em-small",
    onclick: actions.like,
    hidden: true,
  });
  const card = make(
    "section",
    { class: "em-card em-map" },
    make(
      "header",
      { class: "em-map-head" },
      make("h2", { class: "em-title" }, title),
      status,
      like,
      clear,
      make("label", { class: "em-map-hear" }, hearing, "play on hover"),
      makeButton({ iconName: "minus", title: "Zoom out (−)", kind: "em-icon em-small", onclick: actions.zoomOut }),
      makeButton({ iconName: "plus", title: "Zoom in (+)", kind: "em-icon em-small", onclick: actions.zoomIn }),
      makeButton({ iconName: "fit", title: "Show everything (0)", kind: "em-icon em-small", onclick: actions.showAll }),
    ),
    make("div", { class: "em-map-body" }, stage, legend),
    make(
      "p",
      { class: "em-map-keys em-muted em-small" },
      make("span", {}, "drag to move"),
      make("span", {}, "wheel to zoom"),
      make("span", {}, "click to hear"),
      make("span", {}, make("kbd", {}, "Shift"), " + drag, or click a name in the legend, to select"),
    ),
  );
  return { card, stage, canvas, overlay, tip, empty, legend, status, hearing, clear, like };
}

/** What lies over the points: the line that is being drawn, and a ring around the point under the pointer. */
function paintMapOverlay(overlay, { ratio, lasso, ring }) {
  const brush = overlay.getContext("2d");
  brush.setTransform(ratio, 0, 0, ratio, 0, 0);
  brush.clearRect(0, 0, overlay.width, overlay.height);
  if (lasso) {
    brush.beginPath();
    lasso.forEach(([px, py], i) => (i ? brush.lineTo(px, py) : brush.moveTo(px, py)));
    brush.closePath();
    brush.strokeStyle = tokenOf(overlay, "--em-accent");
    brush.lineWidth = 1.5;
    brush.setLineDash([5, 4]);
    brush.stroke();
    brush.globalAlpha = 0.1;
    brush.fillStyle = brush.strokeStyle;
    brush.fill();
    brush.globalAlpha = 1;
    brush.setLineDash([]);
  }
  if (ring) {
    brush.beginPath();
    brush.arc(...ring, 8, 0, 7);
    brush.strokeStyle = tokenOf(overlay, "--em-text");
    brush.lineWidth = 2;
    brush.stroke();
  }
}
