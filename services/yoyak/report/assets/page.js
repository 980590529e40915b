// Draws the charts of the page and lets the reader choose a part of the run.
"use strict";
(() => {
  const page = JSON.parse(document.getElementById("report-data").textContent);
  const overTime = [];

  const draw = async ([id, spec]) => {
    const place = document.getElementById(`chart-${id}`);
    try {
      const drawn = await window.vegaEmbed(place, spec, {
        mode: "vega-lite",
        renderer: "svg",
        config: page.config,
        actions: false,
        ast: true, // expressions are interpreted, so that the content policy can forbid eval
        defaultStyle: false,
        tooltip: { disableDefaultStyle: true },
      });
      if ((spec.params || []).some((parameter) => parameter.name === "to_s")) {
        overTime.push(drawn.view);
      }
    } catch (error) {
      const words = document.createElement("p");
      words.className = "chart-error";
      words.textContent = `${page.messages.chart_failed} ${error.message}`;
      place.replaceChildren(words);
    }
  };

  const choose = (event) => {
    const [from, to] = event.target.value.split(" ").map(Number);
    for (const view of overTime) view.signal("from_s", from).signal("to_s", to).runAsync();
  };

  const choice = document.getElementById("time-window");
  if (choice) choice.addEventListener("change", choose);

  Promise.all(Object.entries(page.charts).map(draw)).then(() => {
    document.documentElement.dataset.charts = "drawn";
  });
})();
