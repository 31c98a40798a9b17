/** The style sheet of all pages: light, dark, narrow and on paper. */
export const STYLE = `
:root {
  --ground: #f4f5f8; --card: #fff; --text: #10182b; --muted: #5d6880; --line: #dfe3ec; --grid: #e9ecf2;
  --accent: #3157d5; --good: #0b7a53; --bad: #c5282f;
  --series-1: #3157d5; --series-2: #d9730d; --series-3: #0f8f69; --series-4: #8b3fd0;
  --series-5: #cf2f74; --series-6: #0e88a8; --series-7: #6d8a0a; --series-8: #8a5a3c;
  color-scheme: light;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0b0f1a; --card: #141a29; --text: #e9edf7; --muted: #95a1ba; --line: #263048; --grid: #222b40;
    --accent: #7f9cff; --good: #4cd6a1; --bad: #ff7b7b;
    --series-1: #7f9cff; --series-2: #ffab5c; --series-3: #4cd6a1; --series-4: #c394ff;
    --series-5: #ff7fb0; --series-6: #55cdea; --series-7: #bcd652; --series-8: #d3a283;
    color-scheme: dark;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 40px 20px 32px; max-width: 960px; background: var(--ground); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
.kicker { margin: 0; color: var(--accent); font-weight: 650; letter-spacing: .02em; overflow-wrap: anywhere; }
h1 { margin: 4px 0 6px; font-size: clamp(1.9rem, 6.2vw, 3.3rem); line-height: 1.08; letter-spacing: -.025em; text-wrap: balance; }
.lede { margin: 0; max-width: 62ch; color: var(--muted); overflow-wrap: anywhere; }
.verdict { display: inline-block; margin: 16px 0 0; padding: 5px 14px; border-radius: 18px; font-weight: 650; overflow-wrap: anywhere; }
.verdict::before { margin-right: 8px; }
.good { color: var(--good); background: color-mix(in srgb, var(--good) 13%, transparent); }
.good::before { content: "✓"; }
.bad { color: var(--bad); background: color-mix(in srgb, var(--bad) 13%, transparent); }
.bad::before { content: "✗"; }
dl, dd { margin: 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(138px, 1fr)); gap: 10px; margin-top: 22px; }
.tiles div, section { background: var(--card); border: 1px solid var(--line); border-radius: 14px; }
.tiles div { padding: 11px 13px; }
.tiles dt { color: var(--muted); font-size: .84rem; }
.tiles dd { font-size: 1.18rem; font-weight: 680; letter-spacing: -.01em; line-height: 1.3; white-space: nowrap; }
.tiles small { display: block; color: var(--muted); font-size: .78rem; font-weight: 400; letter-spacing: 0; white-space: normal; }
section { margin-top: 16px; padding: 20px 24px 18px; }
h2 { margin: 0; font-size: 1.18rem; letter-spacing: -.01em; }
section > p { margin: 2px 0 10px; max-width: 74ch; color: var(--muted); font-size: .93rem; overflow-wrap: anywhere; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 6px; padding: 0; list-style: none; font-size: .86rem; }
.legend li { display: flex; gap: 7px; align-items: center; overflow-wrap: anywhere; }
.legend i { flex: none; width: 13px; height: 13px; border-radius: 4px; background: var(--colour); print-color-adjust: exact; }
.legend .line { height: 3px; }
.legend .triangle { height: 11px; border-radius: 0; clip-path: polygon(50% 0, 100% 100%, 0 100%); }
.legend .mark { width: 3px; border-radius: 0; height: 15px; }
h3 { margin: 10px 0 0; font-size: .98rem; }
.figure { margin-top: 6px; }
.narrow { display: none; }
.plot { --plot-background: var(--card); display: block; max-width: 100%; height: auto; color: var(--muted); }
details { margin-top: 8px; }
summary { width: fit-content; color: var(--accent); cursor: pointer; font-size: .9rem; }
.scroll { margin-top: 8px; overflow: auto; }
details .scroll { max-height: 420px; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; }
caption { padding-bottom: 6px; color: var(--muted); text-align: left; }
th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child { text-align: left; font-weight: 500; white-space: normal; overflow-wrap: anywhere; min-width: 6em; }
td:last-child, th:last-child { padding-right: 2px; }
.text td, .text th { text-align: left; vertical-align: top; white-space: normal; overflow-wrap: anywhere; }
.text tbody th { width: 8.5em; color: var(--muted); }
thead th { color: var(--muted); font-weight: 600; vertical-align: bottom; }
footer { margin: 26px 4px 0; color: var(--muted); font-size: .84rem; }
footer div { display: flex; gap: 10px; padding: 2px 0; }
footer dt { flex: 0 0 7.5em; font-weight: 600; }
footer dd { min-width: 0; overflow-wrap: anywhere; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 4px; }
@media screen and (max-width: 700px) {
  body { padding: 22px 12px; }
  section { padding: 16px 14px 14px; }
  .wide { display: none; }
  .narrow { display: block; }
}
@media print {
  :root {
    --ground: #fff; --card: #fff; --text: #000; --muted: #444; --line: #ccc; --grid: #e6e6e6; --accent: #1d3fb3;
    --good: #07583b; --bad: #a1131b;
    --series-1: #2746b3; --series-2: #b95c00; --series-3: #0b7a59; --series-4: #7429bb;
    --series-5: #b01e5e; --series-6: #0b7391; --series-7: #5a7208; --series-8: #7a4d31;
    color-scheme: light;
  }
  body { max-width: none; padding: 0; font-size: 11pt; }
  section, .tiles div { break-inside: avoid; }
  details { display: none; }
  .scroll { max-height: none; overflow: visible; }
  .verdict { border: 1px solid currentColor; }
  header { break-after: avoid; }
}
@page { margin: 14mm; }
`.trim();
