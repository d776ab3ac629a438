"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const video = byId("video");
  const segments = data.segments;
  const stretches = data.stretches; // episodes of both kinds, or the segments' own scores where there is no relevance

  // ---- words and figures -------------------------------------------------
  const clock = (t) => {
    const tenths = Math.round(t * 10);
    const seconds = String(Math.floor((tenths % 600) / 10)).padStart(2, "0") + "." + (tenths % 10);
    const minutes = Math.floor(tenths / 600);
    if (minutes < 60) return `${minutes}:${seconds}`;
    return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${seconds}`;
  };
  const superscript = (n) => String(n).replace(/[-0-9]/g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]);
  const short = (x, digits) => { // 0.0123, 4.20 × 10⁻⁵
    if (x === null) return "–";
    if (x === 0 || Math.abs(x) >= 1e-4) return x === 0 ? "0" : x.toPrecision(digits);
    const [head, power] = x.toExponential(digits - 1).split("e");
    return `${head} × 10${superscript(Number(power))}`;
  };
  const figure = (x) => short(x, 3);
  const figures = (s) => // what is said of an episode, or of a segment's own score
    s.kind ? `${names[s.kind]} ${short(s.times_even_share, 2)} times the even share · peak ${clock(s.peak_s)} · strength ${short(s.strength, 2)}`
      : `score ${s.score.toFixed(1)}`;
  const names = { severity: "severity relevance", category: "category support" };
  const describe = (s) =>
    `${clock(s.start_s)} – ${clock(s.end_s)}, ${s.scale_frames} frames, ${names[shown]} ${figure(s[shown])}, ` +
    (s.selected ? "selected" : "not selected");

  // ---- playing exactly one segment ---------------------------------------
  let shown = "severity";
  let active = null; // the segment chosen
  let current = null; // the segment or other stretch chosen
  let layout = null; // of the timeline: {x, points, activeBand, playhead, ring}
  let limit = null; // {start_s, end_s} being played, on the recording's clock
  let queue = [];
  let offset = data.starts_at_s; // the recording's time at the player's time 0
  let loadedClip = null;
  const now = () => video.currentTime + offset;

  function watchLimit() {
    if (limit === null || video.seeking || now() < limit.end_s - 0.004) return;
    const end = limit.end_s;
    limit = null;
    if (queue.length > 0) return playSpan(queue.shift());
    video.pause();
    video.currentTime = Math.max(0, end - offset - 0.001); // the last picture that belongs to the segment
  }
  function everyFrame() {
    watchLimit();
    movePlayhead();
    if (!video.paused && !video.ended) requestAnimationFrame(everyFrame);
  }
  function playSpan(span) {
    limit = span;
    video.currentTime = Math.max(0, span.start_s - offset);
    video.play().catch(() => {}); // a browser may refuse to start by itself: the position is set all the same
  }
  function play(stretch) {
    if (!video || stretch.clip === null) return;
    queue = [];
    if (data.clips.length > 0 && loadedClip !== stretch.clip) {
      loadedClip = stretch.clip;
      offset = data.clips[stretch.clip].start_s;
      video.addEventListener("loadedmetadata", () => playSpan(stretch), { once: true });
      video.src = data.clips[stretch.clip].uri;
      return;
    }
    playSpan(stretch);
  }
  function playSegment(index) {
    choose(index);
    play(segments[index]);
  }
  function playStretch(index) {
    active = null;
    current = stretches[index];
    markRow(`tr[data-row="${index}"]`);
    play(current);
  }
  function choose(index) {
    active = index;
    current = segments[index];
    markRow(`#segments tr[data-index="${index}"]`);
  }
  function markRow(selector) {
    for (const row of document.querySelectorAll("tr.active")) row.classList.remove("active");
    const row = document.querySelector(selector);
    if (row) row.classList.add("active");
    sayActive();
    drawActive();
  }
  function sayActive() {
    if (current === null || !byId("now")) return;
    const s = current;
    const line = document.createElement("span");
    line.textContent = active === null ? figures(s) + (s.clip === null ? " · no copy to play" : "") :
      `${s.scale_frames} frames · severity relevance ${figure(s.severity)} · category support ${figure(s.category)} · ` +
      (s.selected ? "selected for the score" : "not selected") + (s.clip === null ? " · no copy to play" : "");
    const head = document.createElement("strong");
    head.textContent = `${s.kind ? "Episode" : "Segment"} ${clock(s.start_s)} – ${clock(s.end_s)}`;
    byId("now").replaceChildren(head, line);
    if (byId("again")) byId("again").disabled = s.clip === null;
  }
  if (video) {
    video.addEventListener("play", () => requestAnimationFrame(everyFrame));
    video.addEventListener("timeupdate", () => { watchLimit(); movePlayhead(); }); // also where frames are not drawn
    video.addEventListener("seeked", () => movePlayhead());
    video.addEventListener("seeking", () => { // a reader who moves out of the segment takes over
      if (limit !== null && (now() < limit.start_s - 0.1 || now() > limit.end_s + 0.1)) { limit = null; queue = []; }
    });
    if (byId("again")) byId("again").addEventListener("click", () => play(current));
    if (byId("play-selected")) {
      byId("play-selected").addEventListener("click", () => {
        queue = data.selected_s.map(([start_s, end_s]) => ({ start_s, end_s }));
        if (queue.length > 0) playSpan(queue.shift());
      });
    }
  }
  for (const button of document.querySelectorAll("[data-play]")) {
    button.addEventListener("click", () => playSegment(Number(button.dataset.play)));
  }
  for (const button of document.querySelectorAll("[data-stretch]")) {
    button.addEventListener("click", () => playStretch(Number(button.dataset.stretch)));
  }
  if (segments.length === 0) return;

  // ---- the timeline --------------------------------------------------------
  const colours = ["#0072B2", "#D55E00", "#007A5A", "#9A4C86", "#5C5C5C"];
  const ramp = [[244, 241, 230], [227, 185, 107], [184, 98, 43], [95, 31, 61]];
  const stops = [0, 0.4, 0.7, 1];
  const shade = (share) => {
    const x = Math.min(1, Math.max(0, share));
    const k = x < stops[1] ? 0 : x < stops[2] ? 1 : 2;
    const f = (x - stops[k]) / (stops[k + 1] - stops[k]);
    return `rgb(${ramp[k].map((c, i) => Math.round(c + f * (ramp[k + 1][i] - c))).join(",")})`;
  };
  const scales = data.tracks.map((track) => track.scale_frames);
  const visible = new Set(scales);
  const end = Math.max(data.duration_s, ...data.tracks.map((track) => track.edges_s[track.edges_s.length - 1] || 0));
  const largestOf = (key) => segments.reduce((top, s) => Math.max(top, s[key] || 0), 0);

  const svg = (name, attributes = {}, text = null) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== null) node.textContent = text;
    return node;
  };
  const marker = (order, x, y, r, attributes) => {
    const shapes = [
      () => svg("circle", { cx: x, cy: y, r, ...attributes }),
      () => svg("rect", { x: x - 0.9 * r, y: y - 0.9 * r, width: 1.8 * r, height: 1.8 * r, ...attributes }),
      () => svg("path", { d: `M${x},${y - 1.2 * r}L${x + 1.15 * r},${y + 0.85 * r}H${x - 1.15 * r}Z`, ...attributes }),
      () => svg("path", { d: `M${x},${y - 1.35 * r}L${x + 1.35 * r},${y}L${x},${y + 1.35 * r}L${x - 1.35 * r},${y}Z`, ...attributes }),
    ];
    return shapes[order % shapes.length]();
  };
  const niceStep = (span, count) => {
    const raw = span / count;
    const power = 10 ** Math.floor(Math.log10(raw));
    return [1, 2, 2.5, 5, 10].find((m) => m * power >= raw * 0.999) * power;
  };
  const timeStep = (pixelsPerSecond) =>
    [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600].find((s) => s * pixelsPerSecond >= 58) || 7200;

  function draw() {
    const room = byId("scroll").clientWidth;
    if (room === 0) return;
    const zoom = Number(byId("zoom").value);
    const axisWidth = 70, right = 14, width = room * zoom - (zoom > 1 ? 0 : 1);
    const frameSide = data.frames.length ? (room < 500 ? 52 : 74) : 0;
    const rowHeight = 16, framesTop = 4, barTop = framesTop + frameSide + (frameSide ? 8 : 0);
    const barRow = stretches.length ? rowHeight + 3 : 0, heatTop = barTop + barRow;
    const plotTop = heatTop + data.tracks.length * (rowHeight + 3) + 16;
    const plotHeight = room < 500 ? 190 : 230, plotBottom = plotTop + plotHeight, height = plotBottom + 42;
    const x = (t) => 8 + (t / end) * (width - 8 - right);
    const top = largestOf(shown);
    const step = top > 0 ? niceStep(top * 1.04, 5) : 1;
    const ceiling = top > 0 ? Math.ceil((top * 1.04) / step) * step : 1;
    const y = (v) => plotBottom - (v / ceiling) * plotHeight;
    const drawing = svg("svg", {
      width, height, viewBox: `0 0 ${width} ${height}`, tabindex: 0, role: "group",
      "aria-label": `${names[shown]} along time. Arrow keys move between segments, Enter plays. The table below holds the same values.`,
    });
    const axis = svg("svg", { width: axisWidth, height, "aria-hidden": "true" });
    const add = (node, parent = drawing) => parent.appendChild(node);

    const defs = add(svg("defs"));
    const hatch = add(svg("pattern", { id: "hatch", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }), defs);
    add(svg("rect", { width: 7, height: 7, fill: "#ffffff", "fill-opacity": 0.72 }), hatch);
    add(svg("rect", { width: 2.2, height: 7, fill: "#8c99a5" }), hatch);

    // frames: as many as fit beside each other
    const fits = Math.max(1, Math.floor((width - 8 - right) / (frameSide + 4)));
    const frameStep = Math.max(1, Math.ceil(data.frames.length / fits));
    let free = 0;
    data.frames.forEach((frame, k) => {
      if (k % frameStep !== 0) return;
      const left = Math.min(Math.max(x(frame.time_s) - frameSide / 2, free), width - frameSide);
      free = left + frameSide + 3;
      add(svg("image", { href: frame.uri, x: left, y: framesTop, width: frameSide, height: frameSide, preserveAspectRatio: "xMidYMid slice" }));
      add(svg("line", { x1: x(frame.time_s), x2: x(frame.time_s), y1: framesTop + frameSide, y2: barTop - 2, stroke: "#8c99a5" }));
    });
    if (frameSide) add(svg("text", { x: axisWidth - 6, y: framesTop + frameSide / 2 + 4, "text-anchor": "end" }, "frames"), axis);

    // episodes of the kind shown
    if (barRow) {
      add(svg("text", { x: axisWidth - 6, y: barTop + 12, "text-anchor": "end", class: "strong" }, "episodes"), axis);
      stretches.forEach((s) => {
        if (s.kind !== shown) return;
        add(svg("rect", { x: x(s.start_s) + 0.75, y: barTop + 3, width: Math.max(1, x(s.end_s) - x(s.start_s) - 1.5), height: rowHeight - 6, rx: 2, fill: "#1c2733" }));
      });
    }

    // strips
    data.tracks.forEach((track, row) => {
      const yRow = heatTop + row * (rowHeight + 3);
      track[shown].forEach((value, k) => {
        if (value === null) return;
        const x0 = x(track.edges_s[k]), x1 = x(track.edges_s[k + 1]);
        add(svg("rect", { x: x0, y: yRow, width: x1 - x0 + 0.3, height: rowHeight, fill: shade(top > 0 ? value / top : 0) }));
      });
      add(svg("rect", { x: x(0), y: yRow, width: x(end) - x(0), height: rowHeight, fill: "none", stroke: "#c4ccd4", "stroke-width": 0.7 }));
      add(marker(row, 9, yRow + rowHeight / 2, 4, { fill: colours[row % colours.length] }), axis);
      add(svg("text", { x: axisWidth - 6, y: yRow + 12, "text-anchor": "end", class: "strong" }, `${track.scale_frames} fr.`), axis);
    });

    // grid and axes
    for (let k = 0; k * step <= ceiling * 1.0001; k++) {
      const value = k * step;
      add(svg("line", { x1: x(0), x2: x(end), y1: y(value), y2: y(value), stroke: k ? "#e6ebef" : "#8c99a5" }));
      add(svg("text", { x: axisWidth - 6, y: y(value) + 4, "text-anchor": "end" }, k ? (top < 1e-4 ? short(value, 2) : String(Number(value.toPrecision(3)))) : "0"), axis);
    }
    const label = svg("text", { transform: `translate(12 ${plotTop + plotHeight / 2}) rotate(-90)`, "text-anchor": "middle", class: "strong" }, names[shown]);
    add(label, axis);
    const pixelsPerSecond = (width - 8 - right) / end, tick = timeStep(pixelsPerSecond);
    for (let t = 0; t <= end + 1e-9; t += tick) {
      add(svg("line", { x1: x(t), x2: x(t), y1: plotBottom, y2: plotBottom + 5, stroke: "#8c99a5" }));
      const anchor = x(t) > width - 24 ? "end" : t === 0 ? "start" : "middle";
      add(svg("text", { x: x(t), y: plotBottom + 19, "text-anchor": anchor }, clock(t).replace(/\.0$/, "")));
    }
    add(svg("text", { x: axisWidth - 6, y: plotBottom + 19, "text-anchor": "end" }, "min:s"), axis);

    const activeBand = add(svg("rect", { y: heatTop - 4, height: plotBottom - heatTop + 4, width: 0, fill: "#f0c243", "fill-opacity": 0.3, stroke: "#a87b00", "stroke-width": 1 }));

    for (const [from, to] of data.lost_s) {
      add(svg("rect", { x: x(from), width: Math.max(1, x(to) - x(from)), y: heatTop - 4, height: plotBottom - heatTop + 4, fill: "url(#hatch)" }));
    }

    // one line and its points per scale; what is selected is filled
    const points = [];
    scales.forEach((scale, order) => {
      if (!visible.has(scale)) return;
      const mine = segments.map((s, index) => ({ s, index })).filter(({ s }) => s.scale_frames === scale && s[shown] !== null)
        .sort((a, b) => a.s.start_s - b.s.start_s);
      const place = ({ s }) => [x((s.start_s + s.end_s) / 2), y(s[shown])];
      const colour = colours[order % colours.length];
      const room = width / Math.max(1, mine.length), tight = mine.length > 1 && room < 7;
      add(svg("polyline", { points: mine.map((m) => place(m).join(",")).join(" "), fill: "none", stroke: colour, "stroke-width": tight ? 1 : 1.5, "stroke-opacity": 0.55 }));
      for (const item of mine) {
        const [px, py] = place(item);
        points.push({ px, py, index: item.index });
        if (tight && !item.s.selected) continue; // the line is enough where points would touch
        add(marker(order, px, py, room < 2.5 ? 1.8 : tight ? 3 : 4.6, { fill: item.s.selected ? colour : "#ffffff", stroke: colour, "stroke-width": room < 2.5 ? 0.8 : 1.6 }));
      }
    });
    const ring = add(svg("circle", { r: 9, fill: "none", stroke: "#1c2733", "stroke-width": 2, visibility: "hidden" }));
    const playhead = add(svg("line", { y1: framesTop, y2: plotBottom + 5, stroke: "#b3151b", "stroke-width": 2, visibility: "hidden" }));

    const place = (event) => {
      const box = drawing.getBoundingClientRect();
      return [((event.clientX - box.left) * width) / box.width, ((event.clientY - box.top) * height) / box.height];
    };
    const timeAt = (px) => ((px - 8) / (width - 8 - right)) * end;
    const under = (event) => { // a strip answers with the segment of its length whose middle is nearest, the plot with the nearest point
      const [px, py] = place(event);
      const row = Math.floor((py - heatTop) / (rowHeight + 3));
      if (py < heatTop - 2) return null;
      const scale = py < plotTop - 10 ? scales[Math.min(row, scales.length - 1)] : null;
      let best = null, least = Infinity;
      if (scale !== null) {
        segments.forEach((s, index) => {
          const far = Math.abs((s.start_s + s.end_s) / 2 - timeAt(px));
          if (s.scale_frames === scale && far < least) { least = far; best = index; }
        });
        return best;
      }
      for (const point of points) {
        const far = Math.hypot(point.px - px, point.py - py);
        if (far < least) { least = far; best = point.index; }
      }
      return best;
    };
    const episodeUnder = (event) => {
      const [px, py] = place(event);
      if (py < barTop || py >= heatTop - 2) return -1;
      return stretches.findIndex((s) => s.kind === shown && x(s.start_s) <= px && px < x(s.end_s));
    };
    drawing.addEventListener("click", (event) => {
      const episode = episodeUnder(event);
      if (episode >= 0) return playStretch(episode);
      const index = under(event);
      if (index !== null) playSegment(index);
      else if (video && data.clips.length === 0) { limit = null; queue = []; video.currentTime = Math.max(0, timeAt(place(event)[0]) - offset); }
    });
    drawing.addEventListener("pointermove", (event) => {
      const episode = episodeUnder(event);
      point(under(event));
      if (episode >= 0) byId("readout").textContent = `Episode ${clock(stretches[episode].start_s)} – ${clock(stretches[episode].end_s)}, ${figures(stretches[episode])}`;
    });
    drawing.addEventListener("pointerleave", () => point(null));
    drawing.addEventListener("keydown", stepByKey);

    const kept = byId("scroll").scrollLeft;
    const focused = byId("scroll").contains(document.activeElement);
    byId("axis").replaceChildren(axis);
    byId("scroll").replaceChildren(drawing);
    byId("scroll").scrollLeft = kept;
    if (focused) drawing.focus();
    layout = { x, y, points, activeBand, playhead, ring };
    byId("largest").textContent = figure(top);
    sayShown();
    drawActive();
    movePlayhead();
  }

  const idle = byId("readout").textContent;
  function point(index) {
    const at = index === null ? null : layout.points.find((p) => p.index === index);
    byId("readout").textContent = index === null ? idle : describe(segments[index]);
    layout.ring.setAttribute("visibility", at ? "visible" : "hidden");
    if (at) { layout.ring.setAttribute("cx", at.px); layout.ring.setAttribute("cy", at.py); }
  }
  function drawActive() {
    if (!layout || current === null) return;
    const s = current;
    layout.activeBand.setAttribute("x", layout.x(s.start_s));
    layout.activeBand.setAttribute("width", layout.x(s.end_s) - layout.x(s.start_s));
  }
  function movePlayhead() {
    if (!layout || !video || (data.clips.length > 0 && loadedClip === null)) return;
    const px = layout.x(now());
    layout.playhead.setAttribute("x1", px);
    layout.playhead.setAttribute("x2", px);
    layout.playhead.setAttribute("visibility", "visible");
    const scroll = byId("scroll");
    if (!video.paused && (px < scroll.scrollLeft || px > scroll.scrollLeft + scroll.clientWidth - 10)) scroll.scrollLeft = px - 40;
  }
  function stepByKey(event) {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      if (active !== null) playSegment(active);
      return;
    }
    const along = { ArrowRight: 1, ArrowLeft: -1 }[event.key], across = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!along && !across) return;
    event.preventDefault();
    const current = segments[active === null ? 0 : active];
    const middle = (s) => (s.start_s + s.end_s) / 2;
    let scale = current.scale_frames;
    if (across) scale = scales[Math.min(scales.length - 1, Math.max(0, scales.indexOf(scale) + across))];
    const line = segments.map((s, index) => ({ s, index })).filter(({ s }) => s.scale_frames === scale).sort((a, b) => middle(a.s) - middle(b.s));
    let at = line.reduce((best, item, k) => (Math.abs(middle(item.s) - middle(current)) < Math.abs(middle(line[best].s) - middle(current)) ? k : best), 0);
    if (along && active !== null) at = Math.min(line.length - 1, Math.max(0, at + along));
    choose(line[at].index);
    point(line[at].index);
  }
  function sayShown() {
    const category = data.predicted_category === null ? "the category that the network chose" : `“${data.predicted_category}”, the category that the network chose`;
    byId("shown").textContent = shown === "severity"
      ? `Shown: severity relevance, the weight that each segment has towards the most severe category (“${data.severest}”). Values are not normalised.`
      : `Shown: category support, the weight that each segment has towards ${category}. It is support for that category, not evidence of severity. Values are not normalised.`;
  }

  // ---- controls --------------------------------------------------------------
  scales.forEach((scale, order) => {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = true;
    box.addEventListener("change", () => { if (box.checked) visible.add(scale); else visible.delete(scale); draw(); });
    const sample = svg("svg", { width: 16, height: 16, "aria-hidden": "true" });
    sample.appendChild(marker(order, 8, 8, 5, { fill: colours[order % colours.length] }));
    label.append(box, sample, `${scale} frames`);
    byId("scales").append(label);
  });
  for (const radio of document.querySelectorAll('input[name="quantity"]')) {
    radio.addEventListener("change", () => { shown = radio.value; draw(); });
  }
  byId("zoom").addEventListener("change", draw);
  let drawnWidth = 0;
  new ResizeObserver(() => {
    if (byId("scroll").clientWidth === drawnWidth) return;
    drawnWidth = byId("scroll").clientWidth;
    draw();
  }).observe(byId("scroll"));

  // ---- the table ---------------------------------------------------------------
  const body = document.querySelector("#segments tbody");
  const keys = {
    start: (s) => s.start_s, scale: (s) => s.scale_frames, severity: (s) => s.severity, category: (s) => s.category,
    selected: (s) => (s.selected ? 1 : 0),
  };
  for (const button of document.querySelectorAll("[data-sort]")) {
    button.addEventListener("click", () => {
      const head = button.closest("th"), key = keys[button.dataset.sort];
      const descending = head.getAttribute("aria-sort") ? head.getAttribute("aria-sort") === "ascending" : !["start", "scale"].includes(button.dataset.sort);
      for (const other of document.querySelectorAll("#segments th")) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const rows = [...body.rows];
      const value = (row) => { const v = key(segments[row.dataset.index]); return v === null ? -Infinity : v; };
      rows.sort((a, b) => (descending ? value(b) - value(a) : value(a) - value(b)) || a.dataset.index - b.dataset.index);
      body.append(...rows);
    });
  }
  byId("only-selected").addEventListener("change", (event) => {
    for (const row of body.rows) row.hidden = event.target.checked && !row.classList.contains("selected");
  });
  draw();
})();
