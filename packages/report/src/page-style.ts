/**
 * The style of the page. Both themes come from `light-dark()`; paper is always light. Colors of arms are Okabe and
 * Ito's, which people with color-blindness can tell apart, darkened or lightened to contrast with the page.
 */
export const PAGE_STYLE: string = `
:root {
  color-scheme: light dark;
  --page: light-dark(#ffffff, #14161a);
  --raised: light-dark(#f6f7f9, #1c1f25);
  --ink: light-dark(#1a1d23, #e6e8ec);
  --muted: light-dark(#59606c, #a0a7b4);
  --line: light-dark(#dfe2e7, #30353e);
  --link: light-dark(#0059b3, #7db8ff);
  --good: light-dark(#00694a, #4cc9a0);
  --bad: light-dark(#a8380c, #ff9d72);
  --mark: light-dark(#fff0b8, #544616);
  --arm-0: light-dark(#0068a8, #5bb4ef);
  --arm-1: light-dark(#c04f00, #ff9448);
  --arm-2: light-dark(#007f5f, #3ccba2);
  --arm-3: light-dark(#a8457f, #e691c3);
  --arm-4: light-dark(#876900, #e3c13a);
  --arm-5: light-dark(#5a4fcf, #a8a0ff);
  --arm-6: light-dark(#2b7f8f, #6fd0e0);
  --arm-7: light-dark(#8f3b3b, #f0a0a0);
  --base: light-dark(#666d79, #a0a7b4);
}
:root[data-theme="light"] { color-scheme: light; }
:root[data-theme="dark"] { color-scheme: dark; }
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
body {
  margin: 0 auto; padding: 2.5rem 1.5rem 5rem; max-width: 64rem;
  background: var(--page); color: var(--ink);
  font: 0.9375rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: break-word;
}
a { color: var(--link); }
h1, h2, h3 { line-height: 1.25; font-weight: 650; letter-spacing: -0.01em; text-wrap: balance; }
h1 { font-size: 1.75rem; margin: 0.25rem 0 0.75rem; }
h2 { font-size: 1.125rem; margin: 3.25rem 0 0.35rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { font-size: 0.9375rem; margin: 1.5rem 0 0.25rem; }
p { margin: 0.4rem 0; max-width: 46rem; }
.muted, figcaption, .note { color: var(--muted); }
.small, figcaption, .note { font-size: 0.8125rem; }
code, .code { font: 0.85em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { margin: 0.5rem 0; padding: 0.75rem 1rem; background: var(--raised); border-radius: 6px; overflow-x: auto; }
.top { display: flex; gap: 1rem; align-items: baseline; justify-content: space-between; color: var(--muted); font-size: 0.8125rem; }
.answer { font-size: 1.0625rem; line-height: 1.5; }
.answer p { max-width: 56rem; margin: 0.6rem 0; }
.facts { margin: 1.25rem 0 0; color: var(--muted); font-size: 0.8125rem; }
nav.contents { margin: 1.25rem 0 0; font-size: 0.8125rem; display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; }
button, select, input {
  font: inherit; font-size: 0.8125rem; color: var(--ink); background: var(--page); border: 1px solid var(--line);
  border-radius: 6px; padding: 0.35rem 0.6rem; min-height: 2rem; max-width: 100%;
}
button { cursor: pointer; }
button:hover:not(:disabled) { background: var(--raised); }
button:disabled { color: var(--muted); cursor: default; }
button[aria-pressed="true"] { background: var(--ink); color: var(--page); border-color: var(--ink); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.scroll { overflow-x: auto; margin: 0.75rem 0; }
/* Cells that stick to the edge would lose collapsed borders. */
table { border-collapse: separate; border-spacing: 0; font-size: 0.8125rem; }
.caption { color: var(--muted); font-size: 0.8125rem; margin: 1rem 0 0; max-width: 52rem; }
.caption + .scroll { margin-top: 0.25rem; }
th, td { text-align: left; vertical-align: baseline; padding: 0.3rem 1.25rem 0.3rem 0; border-top: 1px solid var(--line); }
th { font-weight: 600; }
th[scope="row"] { white-space: nowrap; position: sticky; left: 0; background: var(--page); }
th[scope="rowgroup"] { color: var(--muted); font-weight: 500; padding-top: 0.7rem; }
tbody .more > * { border-top: 0; padding-top: 0; color: var(--muted); }
thead th { border-top: 0; color: var(--muted); font-weight: 500; vertical-align: bottom; }
thead th.number.narrow { white-space: normal; min-width: 4.5rem; max-width: 6rem; }
.number { text-align: right; white-space: nowrap; padding-right: 1.5rem; }
.interval { color: var(--muted); margin-left: 0.35rem; }
.better { color: var(--good); font-weight: 600; }
.worse { color: var(--bad); font-weight: 600; }
.guess { color: var(--muted); }
tbody .leading > * { background: var(--raised); }
.swatch { display: inline-block; width: 0.65em; height: 0.65em; margin-right: 0.4em; background: var(--color); border-radius: 50%; }
.swatch.hollow { background: none; border: 2px solid var(--color); }
figure { margin: 1rem 0; }
.plot-place { min-height: 1px; }
.plot-place svg { display: block; background: none; height: auto; max-width: 100%; color: var(--ink); overflow: visible; --plot-background: var(--raised); }
.plot-place svg text { white-space: pre; }
.legend { display: flex; flex-wrap: wrap; gap: 0.15rem 1.1rem; margin: 0.5rem 0; padding: 0; list-style: none; font-size: 0.8125rem; }
.legend svg { display: inline-block; vertical-align: -0.1em; margin-right: 0.35em; overflow: visible; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 0.5rem 2rem; }
.warnings { padding: 0; margin: 0.75rem 0; list-style: none; }
.warnings li { padding: 0.5rem 0.8rem; margin: 0.4rem 0; background: var(--raised); border-left: 3px solid var(--bad); border-radius: 0 6px 6px 0; max-width: 52rem; }
details { margin: 0.75rem 0; }
summary { cursor: pointer; color: var(--link); font-size: 0.8125rem; }
.controls { display: flex; flex-wrap: wrap; gap: 0.6rem; align-items: end; margin: 0.75rem 0; }
.controls label { display: flex; flex-direction: column; gap: 0.15rem; font-size: 0.75rem; color: var(--muted); min-width: 0; }
.controls label[hidden] { display: none; }
.controls input { width: 16rem; }
.filters { display: flex; flex-wrap: wrap; gap: 0.35rem; margin: 0.5rem 0; }
.pages { display: flex; gap: 0.6rem; align-items: center; margin: 0.75rem 0; font-size: 0.8125rem; }
.questions { list-style: none; margin: 0; padding: 0; }
.question { border-top: 1px solid var(--line); padding: 0.9rem 0; display: grid; gap: 0.5rem; }
.question > * { min-width: 0; }
.question h3 { overflow-wrap: anywhere; margin: 0; font-size: 0.8125rem; font-weight: 500; color: var(--muted); }
.question .asked { display: flex; gap: 1rem; align-items: flex-start; flex-wrap: wrap; }
.question img { image-rendering: auto; max-width: 10rem; max-height: 10rem; min-width: 4rem; border: 1px solid var(--line); border-radius: 4px; background: var(--raised); }
.text { white-space: pre-wrap; unicode-bidi: isolate; overflow-wrap: anywhere; min-width: 0; margin: 0; }
.prompt { flex: 1 1 18rem; max-height: 16rem; overflow-y: auto; }
.sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 16rem), 1fr)); gap: 0.75rem; }
.side { background: var(--raised); border-radius: 6px; padding: 0.55rem 0.8rem; min-width: 0; font-size: 0.8125rem; border-left: 3px solid var(--color); }
.side .code { font-size: 0.8125rem; }
.side .who { color: var(--muted); display: flex; justify-content: space-between; gap: 1rem; }
.verdict { font-weight: 600; white-space: nowrap; }
.verdict.muted { font-weight: 400; }
.right { color: var(--good); }
.wrong { color: var(--bad); }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.2rem 1.25rem; margin: 0.5rem 0; font-size: 0.8125rem; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
.card { padding: 0.15rem 0 0.6rem; border-bottom: 1px solid var(--line); }
mark { background: var(--mark); color: inherit; border-radius: 2px; }
.base { --color: var(--base); }
.arm-0 { --color: var(--arm-0); }
.arm-1 { --color: var(--arm-1); }
.arm-2 { --color: var(--arm-2); }
.arm-3 { --color: var(--arm-3); }
.arm-4 { --color: var(--arm-4); }
.arm-5 { --color: var(--arm-5); }
.arm-6 { --color: var(--arm-6); }
.arm-7 { --color: var(--arm-7); }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 40rem) {
  body { padding: 1.25rem 1rem 3rem; }
  h1 { font-size: 1.375rem; }
  .answer { font-size: 1rem; }
  th, td { padding-right: 0.8rem; }
  .number { padding-right: 0.9rem; }
  .controls label, .controls input, .controls select { width: 100%; }
  dl { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dd { margin-bottom: 0.4rem; }
}
@media print {
  :root { color-scheme: light !important; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  button, nav, .controls, .filters, .pages { display: none !important; }
  figure, .question, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
  .scroll, .prompt { overflow: visible; max-height: none; }
  table { width: 100%; font-size: 7.5pt; }
  th, td, .number, th[scope="row"] { padding-right: 0.5rem; white-space: normal; overflow-wrap: anywhere; }
}
`;
