// Draws the charts of a page with plotly.js, which is fetched when the first of them comes near the screen.
// What is drawn is what the page already holds in the table beside it: nothing is asked for, and without this script
// the table says it all. Unknown values are not in the data, so that none can be drawn as a length.
const SCRIPT = document.querySelector("script[data-plotly]").dataset.plotly;
const CONFIG = { displayModeBar: false, responsive: true, showTips: false, doubleClick: false, scrollZoom: false };
const ROW = 34, MARGIN = 48, MOST_LETTERS = 26;
// Under this id the script would write the styles of its maps into the page, which the content security policy refuses;
// nothing here is a map, so something of that id is put there before.
const MAP_STYLES = "9f215cf04c5486422605d13261cb87401f4e7763b6296af81e98efbc0130da53";

let library = null;

function plotly() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script"), styles = document.createElement("meta");
    styles.id = MAP_STYLES;
    document.head.append(styles);
    script.src = SCRIPT;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("the script of the charts could not be loaded"));
    document.head.append(script);
  });
  return library;
}

// Names are other people's words; plotly would read tags in them.
const plain = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const short = (text) => plain(text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS - 1)}…` : text);

function colours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    ink: read("--ink"), soft: read("--soft"), line: read("--line"), card: read("--card"), head: read("--head"),
    bar: read("--bar"), credit: read("--bar-2"), hidden: read("--bar-3"), total: read("--accent"),
    series: ["--bar", "--bar-2", "--virgin", "--bio", "--recycled-2"].map(read),
    tile: read("--accent"), onTile: read("--accent-ink"), hiddenTile: read("--soft"),
  };
}

function base(c, height) {
  return {
    height,
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, dragmode: false,
    font: { family: getComputedStyle(document.body).fontFamily, size: 13, color: c.ink },
    hoverlabel: { bgcolor: c.card, bordercolor: c.line, font: { color: c.ink }, align: "left" },
  };
}

// Steps from supplier to product, each from where the one before ended. Bars, not plotly's waterfall: a step of what
// is not disclosed has another colour than a supplier's own.
function waterfall(data, c, width) {
  const narrow = width < 480, steps = data.steps;
  const place = steps.map((_, i) => i);
  const colour = (s) => (s.total ? c.total : s.hidden ? c.hidden : s.value < 0 ? c.credit : c.bar);
  const trace = {
    type: "bar", orientation: "h", y: place, base: steps.map((s) => s.start), x: steps.map((s) => s.value),
    marker: { color: steps.map(colour) }, width: 0.62,
    text: steps.map((s) => s.text), textposition: narrow ? "none" : "outside", cliponaxis: false,
    textfont: { color: c.ink }, constraintext: "none",
    customdata: steps.map((s) => [plain(s.label), s.text, data.unit, s.share]),
    hovertemplate: "%{customdata[0]}<br>%{customdata[1]} %{customdata[2]}<br>%{customdata[3]}<extra></extra>",
  };
  const joins = steps.slice(0, -1).map((s, i) => ({
    type: "line", xref: "x", yref: "y", x0: s.end, x1: s.end, y0: i - 0.31, y1: i + 1.31,
    line: { color: c.soft, width: 1, dash: "dot" },
  }));
  const ends = steps.flatMap((s) => [s.start, s.end, s.start + s.value]);
  const low = Math.min(0, ...ends), high = Math.max(0, ...ends), room = (high - low || 1) * (narrow ? 0.04 : 0.16);
  return [[trace], {
    ...base(c, HEIGHTS.waterfall(data)),
    shapes: joins,
    margin: { l: 8, r: 8, t: 4, b: 36 },
    xaxis: {
      range: [low < 0 ? low - room : 0, high + room], gridcolor: c.line, zerolinecolor: c.soft, fixedrange: true,
      tickfont: { color: c.soft }, nticks: narrow ? 4 : 8,
    },
    yaxis: {
      tickvals: place, ticktext: steps.map((s) => (narrow ? short(s.label).slice(0, 14) : short(s.label))),
      range: [steps.length - 0.5, -0.5], automargin: true, fixedrange: true, showgrid: false, zeroline: false,
    },
  }];
}

function treemap(data, c, width) {
  const trace = {
    type: "treemap", ids: data.tiles.map((_, i) => `t${i}`), parents: data.tiles.map(() => ""),
    labels: data.tiles.map((t) => plain(t.label)), values: data.tiles.map((t) => t.value),
    text: data.tiles.map((t) => `${t.text} (${t.share})`), textinfo: "label+text", sort: true,
    marker: {
      colors: data.tiles.map((t) => (t.hidden ? c.hiddenTile : c.tile)), line: { width: 2, color: c.card },
      cornerradius: 3, pad: { t: 0, l: 0, r: 0, b: 0 },
    },
    textfont: { color: data.tiles.map((t) => (t.hidden ? c.card : c.onTile)), size: 13 },
    tiling: { packing: "squarify", pad: 1 }, pathbar: { visible: false }, root: { color: "rgba(0,0,0,0)" },
    customdata: data.tiles.map((t) => [plain(t.label), t.text, data.unit, t.share]),
    hovertemplate: "%{customdata[0]}<br>%{customdata[1]} %{customdata[2]}<br>%{customdata[3]} of the total<extra></extra>",
  };
  return [[trace], { ...base(c, HEIGHTS.treemap(data, width)), margin: { l: 0, r: 0, t: 0, b: 0 }, uniformtext: { minsize: 10, mode: "hide" } }];
}

// Bars of parts upon each other, one a month. A part of which nothing is known is not there.
function stacked(data, c, width) {
  const narrow = width < 480;
  const traces = data.series.map((one, i) => ({
    type: "bar", name: short(one.label), x: data.months, y: one.values,
    marker: { color: one.rest ? c.hidden : c.series[i % c.series.length], line: { color: c.card, width: 1 } },
    customdata: one.texts.map((text) => [plain(one.label), text, data.unit]),
    hovertemplate: "%{x}: %{customdata[0]}<br>%{customdata[1]} %{customdata[2]}<extra></extra>",
  }));
  return [traces, {
    ...base(c, HEIGHTS.stacked(data)), barmode: "relative", showlegend: true, bargap: 0.35,
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", itemclick: false, itemdoubleclick: false, font: { color: c.ink } },
    margin: { l: narrow ? 44 : 64, r: 8, t: 8, b: 32 },
    xaxis: {
      type: "category", fixedrange: true, tickfont: { color: c.soft }, categoryorder: "array", categoryarray: data.months,
      tickvals: data.months, ticktext: data.short.map((name) => (narrow ? name[0] : name)), tickangle: 0,
      range: [-0.5, data.months.length - 0.5],
    },
    yaxis: { fixedrange: true, gridcolor: c.line, zerolinecolor: c.soft, tickfont: { color: c.soft }, nticks: 6 },
  }];
}

// What is aimed at as a line, and what was emitted as bars; a year of which nothing is known has none.
function path(data, c, width) {
  const narrow = width < 480;
  const emitted = {
    type: "bar", name: "Emitted", x: data.years, y: data.actual, width: 0.55,
    marker: { color: data.above.map((above) => (above ? c.credit : c.bar)) },
    customdata: data.texts.map((text) => [text, data.unit]),
    hovertemplate: "%{x}: emitted %{customdata[0]} %{customdata[1]}<extra></extra>",
  };
  const aim = {
    type: "scatter", mode: "lines+markers", name: "Aim", x: data.years, y: data.aim,
    line: { color: c.ink, width: 2, dash: "dot" }, marker: { color: c.ink, size: 6 },
    customdata: data.aim_texts.map((text) => [text, data.unit]),
    hovertemplate: "%{x}: aim %{customdata[0]} %{customdata[1]}<extra></extra>",
  };
  return [[emitted, aim], {
    ...base(c, HEIGHTS.path(data)), showlegend: true,
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", itemclick: false, itemdoubleclick: false, font: { color: c.ink } },
    margin: { l: narrow ? 44 : 64, r: 8, t: 8, b: 32 },
    xaxis: { fixedrange: true, tickfont: { color: c.soft }, tickformat: "d", dtick: data.years.length > (narrow ? 6 : 14) ? 5 : 1, showgrid: false },
    yaxis: { fixedrange: true, rangemode: "tozero", gridcolor: c.line, zerolinecolor: c.soft, tickfont: { color: c.soft }, nticks: 6 },
  }];
}

const KINDS = { waterfall, treemap, stacked, path };
const HEIGHTS = {
  stacked: () => 340,
  path: () => 300,
  waterfall: (data) => data.steps.length * ROW + MARGIN,
  treemap: (data, width) => (width < 480 ? 260 : 320),
};
const dataOf = (figure) => JSON.parse(figure.querySelector("script[type='application/json']").textContent);

// Room is made before anything is drawn: a chart that pushed the page down would move what one is about to click on.
function reserve(figure) {
  const plot = figure.querySelector(".plot");
  plot.hidden = false;
  plot.style.minHeight = `${HEIGHTS[figure.dataset.chart](dataOf(figure), plot.clientWidth)}px`;
}

async function draw(figure) {
  const plot = figure.querySelector(".plot");
  reserve(figure);
  plot.setAttribute("aria-busy", "true");
  try {
    const library = await plotly();
    const data = dataOf(figure);
    const [traces, layout] = KINDS[figure.dataset.chart](data, colours(), plot.clientWidth);
    await library.react(plot, traces, layout, CONFIG);
    // The figure has a name and a description of its own; its drawing is one picture. And plotly measures text in another.
    document.querySelectorAll(".plot svg, body > svg").forEach((svg) => svg.setAttribute("aria-hidden", "true"));
    plot.on?.("plotly_treemapclick", () => false);
    figure.dataset.drawn = "";
  } catch {
    plot.hidden = true;
  } finally {
    plot.removeAttribute("aria-busy");
  }
}

const figures = [...document.querySelectorAll("figure[data-chart]")];
const watch = new IntersectionObserver((entries) => {
  for (const { target } of entries.filter((entry) => entry.isIntersecting)) {
    watch.unobserve(target);
    draw(target);
  }
}, { rootMargin: "200px" });
figures.forEach((figure) => {
  reserve(figure);
  watch.observe(figure);
});

// On paper nobody scrolls: what was not drawn yet is drawn for it, and what cannot be in time leaves its table alone.
addEventListener("beforeprint", () => figures.filter((figure) => !("drawn" in figure.dataset)).forEach(draw));

const again = () => figures.filter((figure) => "drawn" in figure.dataset).forEach(draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
matchMedia("(max-width: 36rem)").addEventListener("change", again);
