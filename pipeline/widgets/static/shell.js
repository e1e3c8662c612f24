// The frame of every page: header, key figures, notice, progress, steps, empty state. Python names the view by `kind`.

const THEME_KEY = "earmark-theme";

function drawHeader(model, el) {
  const { title, project, person } = Object.fromEntries(["title", "project", "person"].map((k) => [k, model.get(k)]));
  if (isInVoila()) document.title = title ? `${title} · Earmark` : "Earmark";
  const home = model.get("nav")[0];
  const links = model
    .get("nav")
    .map((entry) =>
      make(
        "a",
        {
          href: safeHref(entry.href),
          class: entry.is_here ? "em-here" : "",
          "aria-current": entry.is_here ? "page" : undefined,
        },
        entry.name,
      ),
    );
  const header = make(
    "header",
    { class: "em-header" },
    make(
      "a",
      { class: "em-brand", href: safeHref(home?.href ?? "#"), title: "Earmark" },
      make("span", { class: "em-logo" }, icon("logo")),
      make("span", { class: "em-brand-name" }, "Earmark"),
    ),
    make("nav", { class: "em-nav", "aria-label": "Pages" }, ...links),
    projectPart(project, model.get("projects")),
    isInVoila() ? themeButton() : null,
    person
      ? make("div", { class: "em-person", title: person, "aria-label": `Signed in as ${person}` }, initialsOf(person))
      : null,
    person && model.get("is_signed_in") ? make("div", { class: "em-person-name em-ellipsis" }, person) : null,
    person && model.get("is_signed_in") ? signOutForm(person) : null,
  );
  el.replaceChildren(header);
  if (model.get("is_signed_in")) watchSession();
  header.querySelector(".em-here")?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function themeButton() {
  const label = () => (isDark() ? "Switch to the light theme" : "Switch to the dark theme");
  const show = (button) => {
    button.replaceChildren(icon(isDark() ? "sun" : "moon"));
    button.title = label();
    button.setAttribute("aria-label", label());
  };
  const button = makeButton({
    title: label(),
    kind: "em-icon em-theme",
    onclick: () => {
      const theme = isDark() ? "light" : "dark";
      document.documentElement.dataset.emTheme = theme;
      try {
        localStorage.setItem(THEME_KEY, theme);
      } catch {
        /* storage may be forbidden: the choice then lasts for this page */
      }
      show(button);
    },
  });
  show(button);
  return button;
}

function initialsOf(person) {
  const words = person.split(/[\s._@-]+/).filter(Boolean);
  return ((words[0]?.[0] ?? "?") + (words.length > 1 ? words[1][0] : (words[0]?.[1] ?? ""))).toUpperCase();
}

function drawKpis(model, el) {
  const cards = model
    .get("items")
    .map((item) =>
      make(
        "div",
        { class: "em-card em-kpi" },
        make("dt", { class: "em-kicker em-ellipsis", title: item.label }, item.label),
        make(
          "dd",
          { class: "em-kpi-value em-num" },
          formatNumber(item.value),
          item.unit ? make("small", {}, ` ${item.unit}`) : null,
        ),
        item.note
          ? make("dd", { class: `em-kpi-note em-tone-${item.tone ?? "muted"}`, title: item.note }, item.note)
          : null,
      ),
    );
  el.replaceChildren(make("dl", { class: "em-kpis" }, ...cards));
}

const NOTICE_ICONS = { success: "check", error: "alert", info: "info" };

function drawNotice(model, el) {
  const { text, tone } = { text: model.get("text"), tone: model.get("tone") };
  el.setAttribute("aria-live", tone === "error" ? "assertive" : "polite");
  if (!text) return el.replaceChildren();
  el.replaceChildren(
    make(
      "div",
      { class: `em-notice em-${tone}`, role: tone === "error" ? "alert" : "status" },
      icon(NOTICE_ICONS[tone]),
      make("div", { class: "em-grow em-notice-text" }, text),
      makeButton({
        iconName: "close",
        title: "Dismiss",
        kind: "em-quiet em-icon em-small",
        onclick: () => {
          model.set("text", "");
          model.save_changes();
        },
      }),
    ),
  );
}

const PROGRESS_WORDS = { running: "running", done: "done", failed: "failed" };
const PROGRESS_TONES = { running: "em-accent", done: "em-ok", failed: "em-bad" };

function drawProgress(model, el) {
  const [stage, done, total, rate, leftS, note, state] = [
    "stage",
    "done",
    "total",
    "rate",
    "left_s",
    "note",
    "state",
  ].map((key) => model.get(key));
  if (!stage) return el.replaceChildren();
  const percent = total ? Math.min(100, (100 * done) / total) : state === "done" ? 100 : 0;
  const facts = [
    total ? `${formatNumber(done)} of ${formatNumber(total)}` : done ? `${formatNumber(done)} so far` : null,
    state === "running" && rate ? `${formatNumber(rate, { digits: rate < 10 ? 1 : 0 })} per second` : null,
    state === "running" && leftS ? `about ${formatSeconds(leftS)} left` : null,
  ].filter(Boolean);
  el.replaceChildren(
    make(
      "section",
      { class: `em-card em-progress em-is-${state}`, "aria-label": stage },
      make(
        "div",
        { class: "em-progress-top" },
        make("span", { class: "em-progress-stage em-ellipsis", title: stage }, stage),
        make("span", { class: `em-pill ${PROGRESS_TONES[state]}` }, PROGRESS_WORDS[state]),
        make("span", { class: "em-grow" }),
        make("span", { class: "em-progress-facts em-num" }, facts.join(" · ")),
        make(
          "span",
          { class: "em-progress-percent em-num" },
          total || state === "done" ? `${Math.floor(percent)} %` : "",
        ),
      ),
      make(
        "div",
        {
          class: `em-bar ${total || state !== "running" ? "" : "em-unknown"}`,
          role: "progressbar",
          "aria-valuemin": 0,
          "aria-valuemax": 100,
          "aria-valuenow": total ? Math.floor(percent) : undefined,
          "aria-label": stage,
        },
        make("i", { style: { width: `${percent.toFixed(2)}%` } }),
      ),
      note ? make("p", { class: "em-progress-note" }, note) : null,
    ),
  );
}

const STEP_WORDS = {
  todo: "not started",
  running: "running",
  done: "done",
  failed: "failed",
  waiting: "waits for you",
};

function drawSteps(model, el) {
  const steps = model.get("items").map((item, index) => {
    const state = item.state ?? "todo";
    const mark =
      state === "done" ? icon("check") : state === "failed" ? icon("alert") : make("span", {}, String(index + 1));
    const body = [
      make("span", { class: "em-step-mark" }, mark),
      make(
        "span",
        { class: "em-step-words" },
        make("span", { class: "em-step-name em-ellipsis" }, item.name),
        make(
          "span",
          { class: "em-step-count em-num em-ellipsis" },
          item.count === undefined || item.count === null
            ? STEP_WORDS[state]
            : `${formatNumber(item.count)}${item.unit ? ` ${item.unit}` : ""}`,
        ),
      ),
    ];
    const about = `${item.name}: ${STEP_WORDS[state]}${item.note ? `. ${item.note}` : ""}`;
    const props = {
      class: `em-step em-is-${state} ${item.is_here ? "em-here" : ""}`,
      title: about,
      "aria-label": about,
      "aria-current": item.is_here ? "step" : undefined,
    };
    return make(
      "li",
      {},
      item.href ? make("a", { ...props, href: safeHref(item.href) }, ...body) : make("div", props, ...body),
    );
  });
  el.replaceChildren(make("ol", { class: "em-card em-steps", "aria-label": "Stages" }, ...steps));
}

function drawEmptyState(model, el) {
  const { label, href } = { label: model.get("action_label"), href: model.get("action_href") };
  const action = !label
    ? null
    : href
      ? make("a", { class: "em-btn em-primary", href: safeHref(href) }, label)
      : makeButton({ text: label, kind: "em-primary", onclick: () => model.send({ type: "act" }) });
  el.replaceChildren(
    make(
      "section",
      { class: "em-card em-empty" },
      make("div", { class: "em-empty-mark" }, icon("wave")),
      make("h2", { class: "em-title" }, model.get("title")),
      make("p", { class: "em-muted" }, model.get("text")),
      action,
    ),
  );
}

const SHELL_VIEWS = {
  header: drawHeader,
  kpis: drawKpis,
  notice: drawNotice,
  progress: drawProgress,
  steps: drawSteps,
  empty: drawEmptyState,
};

export default {
  render({ model, el }) {
    const draw = SHELL_VIEWS[model.get("kind")];
    el.classList.add(`em-${model.get("kind")}-root`);
    const endDrawing = drawOnChange(model, el, () => draw(model, el));
    if (model.get("kind") !== "header" || !isInVoila()) return endDrawing;
    const endWatching = watchKernel(model, { lost: () => sayForgotten(el) });
    return () => {
      endWatching();
      endDrawing();
    };
  },
};
