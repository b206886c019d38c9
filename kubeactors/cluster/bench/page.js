"use strict";
const figures = JSON.parse(document.getElementById("figures").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");

function draw() {
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue("--dim").trim();
  const line = style.getPropertyValue("--line").trim();
  const ground = style.getPropertyValue("--card").trim();
  const axis = { gridcolor: line, zerolinecolor: line, linecolor: line, automargin: true };
  figures.forEach((figure, number) => {
    const layout = {
      ...figure.layout,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: ink, family: "system-ui, sans-serif", size: 12 },
      margin: { l: 56, r: 12, t: 10, b: 44 },
      hovermode: figure.layout.barmode || figure.layout.height ? "closest" : "x unified",
      hoverlabel: { bgcolor: ground, bordercolor: line, namelength: 40 },
      showlegend: figure.traces.length > 1,
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, traceorder: "normal" },
      xaxis: { ...axis, ...figure.layout.xaxis },
      yaxis: { ...axis, ...figure.layout.yaxis },
    };
    Plotly.react("figure-" + number, figure.traces, layout, { responsive: true, displayModeBar: false });
  });
}

draw();
dark.addEventListener("change", draw);
