// Building blocks of every view: elements, icons, colours, numbers, the theme. Text goes in as text, never as HTML.

/** An element; props that begin with "on" are listeners, the rest are properties where they exist, else attributes. */
function make(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (key === "class") element.className = value;
    else if (key === "style")
      for (const [name, amount] of Object.entries(value)) element.style.setProperty(name, amount);
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in element && key !== "list") element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** An SVG element; every prop is an attribute. */
function makeSvg(tag, props = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(props)) if (value !== undefined) element.setAttribute(key, value);
  element.append(...children.filter(Boolean));
  return element;
}

const ICON_PATHS = {
  logo: "M4 10v4M8 6.5v11M12 3v18M16 7v10M20 10v4",
  play: "M7 4.5v15l12-7.5z",
  pause: "M8 5v14M16 5v14",
  moon: "M20.5 13.2A8.5 8.5 0 1 1 10.8 3.5a6.8 6.8 0 0 0 9.7 9.7z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4",
  check: "M5 12.5l4.5 4.5L19 7.5",
  alert: "M12 8v5M12 16.5v.2M12 3.2L2.6 19.6h18.8z",
  info: "M12 11v6M12 7.3v.2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  close: "M6 6l12 12M18 6L6 18",
  left: "M14.5 5.5L8 12l6.5 6.5",
  right: "M9.5 5.5L16 12l-6.5 6.5",
  down: "M5.5 9l6.5 6.5L18.5 9",
  up: "M5.5 15L12 8.5l6.5 6.5",
  sort: "M8 10l4-4 4 4M8 14l4 4 4-4",
  star: "M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9L12 16.9l-5.2 2.8 1-5.9-4.3-4.1 5.9-.8z",
  folder: "M3 6.5h6l2 2.5h10v10H3z",
  fit: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  leave: "M10 4H5v16h5M15 8l4 4-4 4M19 12H9.5",
  wave: "M3 12h2l2-6 3 13 3-10 2 6 2-3h4",
};
const FILLED_ICONS = new Set(["play"]);

function icon(name) {
  const filled = FILLED_ICONS.has(name);
  return makeSvg(
    "svg",
    {
      viewBox: "0 0 24 24",
      class: "em-icon-svg",
      "aria-hidden": "true",
      stroke: "currentColor",
      "stroke-width": name === "logo" ? 2.4 : 2,
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
      fill: filled ? "currentColor" : "none",
    },
    makeSvg("path", { d: ICON_PATHS[name] }),
  );
}

/** A button whose words are `text`; without text the title is its name for screen readers. */
function makeButton({ text, iconName, title, kind = "", onclick, ...props }) {
  return make(
    "button",
    { type: "button", class: `em-btn ${kind}`, title, "aria-label": text ? undefined : title, onclick, ...props },
    iconName ? icon(iconName) : null,
    text ? make("span", {}, text) : null,
  );
}

const UNSEEN_CHARACTERS = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const UNSEEN_SHOWN = { "\n": "⏎", "\r": "⏎", "\t": "⇥" };

/** A name as it is, but with what hides in it made visible: line breaks, tabs, marks that turn the writing round. */
function visibleText(value) {
  return String(value).replace(UNSEEN_CHARACTERS, (character) => UNSEEN_SHOWN[character] ?? "�");
}

/** A link target that cannot run a script. */
function safeHref(href) {
  const trimmed = String(href ?? "").trim();
  return /^(https?:|mailto:|[/.#?]|[^:/?#]+([/?#]|$))/i.test(trimmed) ? trimmed : "#";
}

const N_CATEGORY_TOKENS = 12;

/** The colour of the nth category (0-based) as CSS: the tokens first, then hues as far apart as can be. */
function categoryColour(index) {
  if (index === null || index === undefined || index < 0) return "var(--em-cat-none)";
  if (index < N_CATEGORY_TOKENS) return `var(--em-cat-${index + 1})`;
  return `hsl(${Math.round((index * 137.508) % 360)} 55% 55%)`;
}

function isDark() {
  const own = document.documentElement.dataset.emTheme;
  return own ? own === "dark" : document.body.dataset.jpThemeLight === "false";
}

const isInVoila = () => document.body.dataset.voila === "voila";
const isTypingIn = (target) =>
  Boolean(target && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)));

/** 12034 as "12,034", 0.8571 as "0.857"; anything that is not a number comes back as it is. */
function formatNumber(value, { digits } = {}) {
  if (typeof value !== "number" || !Number.isFinite(value)) return String(value ?? "");
  const maximumFractionDigits = digits ?? (Number.isInteger(value) ? 0 : Math.abs(value) >= 100 ? 1 : 3);
  return value.toLocaleString("en-GB", { maximumFractionDigits, minimumFractionDigits: digits ?? 0 });
}

function formatSeconds(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${String(Math.round((seconds % 3600) / 60)).padStart(2, "0")} min`;
}

const tokenOf = (element, name) => getComputedStyle(element).getPropertyValue(name).trim();

/** Draws `redraw` now and after every change of the model; gives the function that ends it. */
function drawOnChange(model, el, redraw) {
  el.classList.add("em");
  el.setAttribute("data-lm-suppress-shortcuts", "true");
  model.on("change", redraw);
  redraw();
  return () => model.off("change", redraw);
}
