// Lines over time: drawn as SVG from the numbers that the page already carries, redrawn when the theme changes.
(function () {
  const box = document.querySelector("[data-lines]");
  const data = box && document.getElementById(box.dataset.lines);
  if (!box || !data || !window.echarts) return;
  const told = JSON.parse(data.textContent);
  let chart;

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  function short(value) {
    const sizes = [[1e9, "bn"], [1e6, "M"], [1e3, "k"]];
    const found = sizes.find(([size]) => Math.abs(value) >= size);
    const digits = found ? (value / found[0]).toFixed(value / found[0] < 10 && value % found[0] ? 1 : 0) : value;
    return `${told.unit}${digits}${found ? " " + found[1] : ""}`;
  }

  const exact = (value) => (value === null ? "–" : told.unit + Math.round(value).toLocaleString("en-GB"));

  function line(series) {
    return {
      name: series.name,
      type: "line",
      data: series.values,
      symbol: "none",
      lineStyle: { width: series.dash ? 2 : 2.5, type: series.dash ? "dashed" : "solid", color: colour(series.colour) },
      itemStyle: { color: colour(series.colour) },
      connectNulls: false,
    };
  }

  function draw() {
    if (chart) chart.dispose();
    chart = window.echarts.init(box, null, { renderer: "svg" });
    const text = { color: colour("muted"), fontSize: 11, fontFamily: "Inter Variable" };
    chart.setOption({
      animation: false,
      aria: { enabled: false },
      grid: { left: 8, right: 24, top: 12, bottom: 4, containLabel: true },
      tooltip: {
        trigger: "axis",
        renderMode: "richText",
        backgroundColor: colour("surface"),
        borderColor: colour("line-2"),
        textStyle: { color: colour("fg"), fontSize: 12, fontFamily: "Inter Variable" },
        valueFormatter: exact,
      },
      xAxis: {
        type: "category",
        data: told.labels,
        boundaryGap: false,
        axisLabel: text,
        axisLine: { lineStyle: { color: colour("line-2") } },
        axisTick: { show: false },
      },
      yAxis: {
        type: "value",
        scale: true,
        axisLabel: { ...text, formatter: short },
        splitLine: { lineStyle: { color: colour("grid") } },
      },
      series: told.series.map(line),
    });
  }

  document.addEventListener("theme:changed", draw);
  window.addEventListener("resize", () => chart && chart.resize());
  draw();
})();
