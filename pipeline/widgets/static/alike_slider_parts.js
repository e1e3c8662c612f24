// The curve and the pairs of the slider over what sounds alike.

const CURVE_HEIGHT = 74;

/** Where a slider of n places has its place `index`, in [0, 1]; the thumb's middle never reaches the very edge. */
const sliderShare = (index, n) => (n ? index / n : 0);

/**
 * What goes, as a curve above the slider: shares [0, 1] at places 0 (off) to n. `place` is filled up to, `barred` is
 * the place from which on a person heard a difference (null: nowhere).
 */
function drawAlikeCurve(stage, shares, { place, barred, label }) {
  const width = Math.max(160, stage.clientWidth);
  const n = shares.length - 1;
  const most = Math.max(1e-9, ...shares);
  const xAt = (index) => 9 + sliderShare(index, n) * (width - 18);
  const yAt = (share) => CURVE_HEIGHT - 4 - (share / most) * (CURVE_HEIGHT - 20);
  const line = (until) =>
    shares
      .slice(0, until + 1)
      .map((share, index) => `${index ? "L" : "M"}${xAt(index).toFixed(1)} ${yAt(share).toFixed(1)}`)
      .join("");
  const svg = makeSvg("svg", { width, height: CURVE_HEIGHT, viewBox: `0 0 ${width} ${CURVE_HEIGHT}`, role: "img", "aria-label": label });
  if (barred !== null && barred <= n)
    svg.append(
      makeSvg("rect", {
        x: xAt(barred) - (xAt(1) - xAt(0)) / 2,
        y: 0,
        width: width - xAt(barred) + (xAt(1) - xAt(0)) / 2,
        height: CURVE_HEIGHT,
        class: "em-alike-barred",
      }),
    );
  svg.append(
    makeSvg("path", { d: `${line(place)}L${xAt(place)} ${CURVE_HEIGHT - 4}L${xAt(0)} ${CURVE_HEIGHT - 4}Z`, class: "em-alike-area" }),
    makeSvg("path", { d: line(n), class: "em-alike-line" }),
    makeSvg("circle", { cx: xAt(place), cy: yAt(shares[place]), r: 4, class: "em-alike-dot" }),
  );
  const top = makeSvg("text", { x: 4, y: 11, class: "em-tick" });
  top.textContent = `at most ${formatNumber(100 * most, { digits: 1 })} % of all clips`;
  svg.append(top);
  stage.replaceChildren(svg);
}

/** A pair on the border: `actions` hear(pair), hearOne(clip_id), differ(pair). `draw(soundingId)` lights what sounds. */
function makeBorderPair(pair, index, actions) {
  const sides = [
    ["A", "stays", pair.stays],
    ["B", "goes", pair.goes],
  ].map(([letter, fate, clip]) => {
    const element = make(
      "button",
      {
        type: "button",
        class: "em-btn em-quiet em-alike-side",
        title: `Play ${clip.name}`,
        onclick: () => actions.hearOne(clip.clip_id),
      },
      icon("play"),
      make(
        "span",
        { class: "em-alike-side-words" },
        make("span", { class: "em-ellipsis" }, make("b", {}, letter), ` ${visibleText(clip.name)}`),
        make("span", { class: "em-muted em-small em-ellipsis" }, `${fate} · ${visibleText(clip.detail)}`),
      ),
    );
    return { id: clip.clip_id, element };
  });
  const element = make(
    "li",
    { class: "em-alike-pair" },
    make(
      "div",
      { class: "em-alike-pair-head" },
      make("kbd", {}, String(index + 1)),
      make("span", { class: "em-num em-muted em-small em-grow" }, `${formatNumber(pair.distance, { digits: 4 })} apart`),
      makeButton({ text: "Hear both", iconName: "play", kind: "em-small", title: `First A, then B (${index + 1})`, onclick: () => actions.hear(pair) }),
      makeButton({ text: "These differ", kind: "em-small", title: "Another sound: the slider goes below this pair (D after hearing it)", onclick: () => actions.differ(pair) }),
    ),
    ...sides.map((side) => side.element),
  );
  const draw = (soundingId) => {
    for (const side of sides) side.element.classList.toggle("em-sounding", side.id === soundingId);
  };
  return { element, draw };
}
