"use strict";
(() => {
  const $ = id => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const byID = new Map(data.events.map(e => [e.id, e]));
  const steps = data.events.filter(e => !e.quiet);
  const svg = document.querySelector(".story");
  const groups = [...svg.querySelectorAll(".ev")].map(node => (
    {node, id: +node.dataset.id, from: +(node.dataset.from || node.dataset.id)}));
  const slider = $("time");
  let at = steps.length, kept = 0, timer = 0;

  // past returns the event and all from which causes lead to it.
  function past(ids) {
    const seen = new Set(), todo = [...ids];
    while (todo.length) {
      const id = todo.pop();
      if (seen.has(id) || !byID.has(id)) continue;
      seen.add(id);
      todo.push(...byID.get(id).past);
    }
    return seen;
  }

  function name(e) { return e.host < 0 ? "" : data.hosts[e.host] + " "; }
  function tell(e) { return e.at + " s  " + name(e) + e.text; }

  // trace lights up what led to some events.
  function trace(ids) {
    const seen = past(ids);
    svg.classList.toggle("tracing", ids.length > 0);
    for (const g of groups) {
      g.node.classList.toggle("in", seen.has(g.id));
      g.node.classList.toggle("self", ids.includes(g.id));
    }
    if (!ids.length) return;
    const last = byID.get(ids[ids.length - 1]);
    if (!last) return;
    $("what").textContent = tell(last);
    seen.delete(last.id);
    $("chain").replaceChildren(...[...seen].sort((a, b) => b - a).slice(0, 14).map(id => {
      const li = document.createElement("li");
      li.textContent = tell(byID.get(id));
      return li;
    }));
  }

  // show fades what has not happened yet, and tells how the hosts are.
  function show(n) {
    at = Math.max(0, Math.min(steps.length, n));
    slider.value = at;
    const now = at === steps.length ? Infinity : at ? steps[at - 1].id : 0;
    for (const g of groups) {
      g.node.classList.toggle("later", g.from > now);
      g.node.classList.toggle("flying", g.from <= now && now < g.id);
    }
    const e = steps[at - 1];
    $("now").textContent = e ? e.at + " s" : "the beginning";
    const states = data.hosts.map(() => "");
    for (const v of data.events) if (v.id <= now && v.host >= 0) states[v.host] = v.state;
    $("states").replaceChildren(...states.map((s, h) => {
      const tr = document.createElement("tr");
      for (const t of [data.hosts[h], s]) tr.appendChild(document.createElement("td")).textContent = t;
      return tr;
    }));
  }

  // go shows one step, lights up what led to it, and brings it into view.
  function go(n) {
    show(n);
    const e = steps[at - 1];
    if (!e || at === steps.length) { trace(kept ? [kept] : []); return; }
    trace([e.id]);
    const g = groups.find(g => g.id === e.id);
    if (!g) return;
    const box = g.node.getBoundingClientRect(), frame = $("scroll").getBoundingClientRect();
    if (box.right > frame.right - 60 || box.left < frame.left + 60)
      $("scroll").scrollLeft += box.right - frame.left - frame.width * 0.6;
  }

  function play() {
    if (timer) { clearInterval(timer); timer = 0; $("play").textContent = "play"; return; }
    if (at === steps.length) show(0);
    $("play").textContent = "pause";
    timer = setInterval(() => { go(at + 1); if (at === steps.length) play(); }, 350);
  }

  for (const g of groups) {
    g.node.addEventListener("mouseenter", () => trace([g.id]));
    g.node.addEventListener("mouseleave", () => trace(kept ? [kept] : []));
    g.node.addEventListener("click", () => { kept = kept === g.id ? 0 : g.id; trace(kept ? [kept] : []); });
  }
  for (const li of document.querySelectorAll(".lines li")) {
    const ids = li.dataset.ids.trim().split(" ").map(Number);
    li.addEventListener("mouseenter", () => trace(ids));
    li.addEventListener("mouseleave", () => trace(kept ? [kept] : []));
    li.addEventListener("click", () => {
      const g = groups.find(g => ids.includes(g.id));
      if (g) g.node.scrollIntoView({behavior: "smooth", block: "nearest", inline: "center"});
    });
  }
  slider.max = steps.length;
  slider.addEventListener("input", () => go(+slider.value));
  $("back").onclick = () => go(at - 1);
  $("on").onclick = () => go(at + 1);
  $("play").onclick = play;
  document.addEventListener("keydown", e => {
    if (e.target.tagName === "INPUT") return;
    if (e.key === "ArrowLeft") go(at - 1);
    else if (e.key === "ArrowRight") go(at + 1);
    else if (e.key === " ") play();
    else return;
    e.preventDefault();
  });
  $("heartbeats").onchange = e => svg.classList.toggle("nobeats", !e.target.checked);
  $("gossip").onchange = e => svg.classList.toggle("showgossip", e.target.checked);
  $("wide").onchange = e => {
    $("scroll").classList.toggle("fit", e.target.checked);
    document.querySelector(".frame").classList.toggle("fit-names", e.target.checked);
  };
  show(steps.length);
})();
