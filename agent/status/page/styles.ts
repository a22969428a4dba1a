/**
 * How the page looks. Hairlines and space separate; red is where something fails, and nowhere else. Widths: up to 40 rem
 * marks alone stand in the table of ways and names stand above what they name; from 72 rem on a section's sentence stands
 * left of its evidence, and the chain turns horizontal.
 */
import { tokens } from "./tokens.ts";

const ground = `
* { box-sizing: border-box; margin: 0; }
html { background: var(--bg); color: var(--ink); font: 100%/1.5 var(--sans); -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 24px; }
body { max-width: 84rem; margin: 0 auto; padding: 0 16px; overflow-wrap: break-word; }
code { font-family: var(--mono); font-size: .92em; font-variant-ligatures: none; }
b { font-weight: 650; }
ul, ol { list-style: none; padding: 0; }
a { color: inherit; text-decoration: underline 1px var(--mark); text-underline-offset: .2em; }
a:hover { text-decoration-color: currentColor; text-decoration-thickness: 2px; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 3px; border-radius: 3px; }
svg { display: block; }
time, td, th { font-variant-numeric: tabular-nums; }
[hidden] { display: none !important; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.quiet { color: var(--ink2); }
.small-text { font-size: .875rem; line-height: 1.45; }
.whole { white-space: nowrap; }
.fail { color: var(--fail); }
.hold { color: var(--hold); }
.unk { color: var(--unk); }
.mark { width: 1.25em; height: 1.25em; flex: none; fill: currentColor; }
h3 > .mark, p > .mark { display: inline-block; vertical-align: -.25em; }
.symbols { position: absolute; }
.cut { fill: var(--bg); }
.line { fill: none; stroke: currentColor; stroke-width: 2; }
.line.dashed { stroke-dasharray: 3.4 2; }
.hatch-wait { stroke: var(--wait); stroke-width: 2.5; }
.hatch-unseen { stroke: var(--mark); stroke-width: 1; }
.skip { position: absolute; left: 16px; top: -80px; background: var(--ink); color: var(--bg); padding: 8px 16px; z-index: 2; }
.skip:focus { top: 8px; }
`;

/** Both tenses stand in the page; an old state shows the other one, and nothing of it is green. */
const old = `
.past, .band { display: none; }
.stale .now { display: none !important; }
.stale .past { display: inline; }
.stale p.past { display: block; }
.stale .band { display: flex; gap: 10px; align-items: center; padding: 10px 0; border-bottom: 1px solid var(--rule); color: var(--unk); font-weight: 600; }
.stale .hold, .stale .ways .fail, .stale .key .fail, .stale .finding .fail { color: var(--ink2); }
.stale .drawn, .stale .turned { opacity: .6; }
.stale h1 em { color: inherit; }
.stale .state { color: var(--unk); }
`;

const answer = `
.top { display: flex; flex-wrap: wrap; gap: 0 24px; align-items: baseline; padding: 10px 0 9px; border-bottom: 1px solid var(--rule); font-size: .875rem; }
.top p:first-child { min-width: 0; overflow-wrap: anywhere; }
.top .as-of { margin-left: auto; }
.top .spare { display: none; }
#newer { color: var(--unk); font-weight: 600; }
.answer { padding-top: 14px; }
.state { display: flex; gap: 8px; align-items: center; font-size: .9375rem; font-weight: 600; margin-bottom: 4px; }
.stale .state > .past { display: block; }
h1 { font-size: clamp(1.75rem, 1rem + 2.6vw, 3.5rem); line-height: 1.1; font-weight: 680; letter-spacing: -.022em; text-wrap: balance; overflow-wrap: anywhere; }
h1 code { font-size: .9em; letter-spacing: -.04em; word-spacing: -.22em; }
h1 em { font-style: normal; color: var(--fail); }
h1 .second { display: block; font-weight: 400; color: var(--ink2); }
.lede { font-size: 1rem; line-height: 1.4; margin-top: 10px; max-width: 62em; text-wrap: pretty; }
h2 { font-size: 1.375rem; line-height: 1.25; font-weight: 650; letter-spacing: -.012em; overflow-wrap: anywhere; }
h3 { font-size: 1.0625rem; line-height: 1.4; font-weight: 650; overflow-wrap: anywhere; }
.answer h2 { font-size: 1rem; letter-spacing: 0; }
.because, .change { margin-top: 16px; min-width: 0; }
.change > p:not(.note) { margin-top: 3px; }
.note { margin-top: 10px; font-size: .875rem; line-height: 1.45; }
`;

/** A wire goes from node to node, and from the last one down to the line: its length is that of the lines between. */
const chain = `
.chain { margin-top: 6px; font-size: .8125rem; line-height: 1.25rem; }
.chain > li { position: relative; padding-left: 22px; }
.chain > li::before { content: ""; position: absolute; left: 1px; top: 4px; width: 10px; height: 10px; border-radius: 50%; border: 2px solid var(--ink); background: var(--bg); z-index: 1; }
.chain > li::after { content: ""; position: absolute; left: 5px; top: 12px; height: 100%; border-left: 2px solid var(--ink); }
.chain .quiet { margin-left: .5em; }
.chain > li.folded::before { border-style: dashed; }
.chain details { margin: 0; font-size: inherit; }
.chain summary { padding: 0; }
.chain > li:last-child > code { color: var(--fail); font-weight: 650; }
.chain > li:last-child::before { border-radius: 1px; rotate: 45deg; border-color: var(--fail); background: var(--fail); }
.chain > li:last-child::after { border-color: var(--fail); height: auto; bottom: -8px; }
.chain.n1 > li:last-child::after { bottom: -32px; }
.chain.open > li:last-child::after { border-left-style: dashed; }
.unknown-line { margin-top: 8px; font-size: .875rem; }
.lines { margin: 6px 0 0 5px; font: .8125rem/1.5rem var(--mono); overflow: hidden; }
.lines li { display: grid; grid-template-columns: minmax(2.2em, auto) minmax(12em, 1fr) minmax(0, auto); gap: 0 1em; padding-right: 10px; color: var(--ink2); }
.lines li > span { white-space: pre; overflow: hidden; text-overflow: ellipsis; }
.lines li > .kept { white-space: normal; font-family: var(--sans); }
.lines i { font-style: normal; text-align: right; }
.lines .hit { background: var(--fail-bg); color: var(--ink); font-weight: 650; }
.lines .hit i { color: var(--fail); }
.lines .hit small { color: var(--fail); }
.lines .wide, .lines small { display: none; }
.lines small { font: .8125rem/1.625rem var(--sans); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.becomes { margin-top: 20px; }
.becomes dl { margin-top: 4px; display: grid; gap: 2px; font-size: .875rem; }
.becomes dt { color: var(--ink2); }
.becomes dd { margin-bottom: 6px; font: .8125rem/1.5 var(--mono); overflow-wrap: anywhere; }
.becomes ins { text-decoration: none; color: var(--fail); font-weight: 700; }
.caret { display: inline-block; width: .6em; height: 1.1em; background: var(--fail); vertical-align: text-bottom; animation: caret 1.1s steps(1) 4; }
@keyframes caret { 50% { opacity: 0; } }
`;

/** One inverse command a page, the others outlined. */
const commands = `
.command { background: var(--cmd); color: var(--cmd-ink); border: 1px solid var(--cmd-rule); border-radius: 6px; margin-top: 10px; padding: 11px 14px; }
.command > div { min-width: 0; }
.command code { display: block; font-size: .875rem; line-height: 1.4rem; -webkit-user-select: all; user-select: all; overflow-wrap: anywhere; }
.hint { display: block; font-size: .8125rem; margin-top: 2px; }
.js .hint { display: none; }
.command button { display: none; font: 600 .875rem/1 var(--sans); color: var(--key-ink); background: var(--key); border: 0; border-radius: 4px; padding: 0 16px; height: 36px; cursor: pointer; flex: none; }
.js .command button { display: inline-block; }
.command button:hover { text-decoration: underline; }
.command:not(.small) button:focus-visible { outline-color: var(--cmd-ink); }
.js .command:not(.small) button { width: 100%; height: 40px; margin-top: 9px; }
.command.small { background: none; color: inherit; border-color: var(--rule); padding: 5px 6px 5px 12px; margin-top: 6px; }
.js .command.small { display: flex; gap: 12px; align-items: center; justify-content: space-between; }
.command.small button { background: none; color: inherit; height: 30px; padding: 0 10px; border: 1px solid var(--mark); }
.note { text-wrap: pretty; }
.then { margin-top: 14px; font-size: .875rem; }
`;

const sections = `
.section { border-top: 1px solid var(--rule); margin-top: 40px; padding-top: 24px; }
.section > div { min-width: 0; margin-top: 24px; }
.section > header p { margin-top: 6px; max-width: 36em; text-wrap: pretty; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; text-align: left; }
th { font-weight: 400; }
details { margin-top: 8px; font-size: .875rem; }
summary { cursor: pointer; width: max-content; max-width: 100%; padding: 2px 0; color: var(--ink2); text-decoration: underline var(--mark); text-underline-offset: .2em; }
.pairs { display: grid; }
.pairs dt { color: var(--ink2); font-size: .875rem; }
.pairs dd { margin-bottom: 8px; min-width: 0; overflow-wrap: anywhere; }
details .pairs { margin-top: 8px; font-size: .875rem; }
.rows > li { padding: 16px 0; border-bottom: 1px solid var(--rule); overflow-wrap: anywhere; }
.rows > li:first-child { padding-top: 0; }
.rows > li:last-child { border-bottom: 0; padding-bottom: 0; }
.ends { display: flex; justify-content: space-between; gap: 12px; font-size: .8125rem; color: var(--ink2); margin-top: 4px; }
.foot { border-top: 1px solid var(--rule); margin-top: 64px; padding: 24px 0 40px; font-size: .875rem; color: var(--ink2); display: flex; flex-wrap: wrap; gap: 4px 24px; }
`;

/** Strokes keep their width however far a drawing is stretched. */
const drawings = `
.drawn { width: 100%; overflow: visible; fill: none; }
.drawn * { vector-effect: non-scaling-stroke; }
.s-hold { stroke: var(--hold); stroke-width: 2; }
.stale .s-hold { stroke: var(--mark); }
.s-unk { stroke: var(--unk); stroke-width: 2; stroke-dasharray: 5 3; }
.s-fail { stroke: var(--fail); stroke-width: 2; }
.s-ink { stroke: var(--ink); stroke-width: 3; }
.s-rule { stroke: var(--mark); }
.f-fail { fill: var(--fail); }
.stale .f-fail { fill: var(--mark); }
.stale .s-fail { stroke: var(--mark); }
.waived .f-fail { fill: var(--mark); }
.f-mark { fill: var(--mark); }
.f-unseen { fill: url(#p-unseen); }
.day { display: grid; gap: 8px; position: relative; }
.lane { display: grid; gap: 2px; font-size: .8125rem; line-height: 1.125rem; align-items: center; }
.lane > span { color: var(--ink2); overflow-wrap: anywhere; }
.turned { position: absolute; right: 0; top: 1.25rem; width: 100%; height: calc(100% - 2.75rem); stroke: var(--fail); }
.axis, .turned-at { width: 100%; overflow: visible; font-size: .8125rem; fill: var(--ink2); }
.axis { border-top: 1px solid var(--mark); margin-top: 2px; }
.mid { text-anchor: middle; }
.end { text-anchor: end; }
.axis .end { fill: var(--ink); font-weight: 600; }
.turned-at { fill: var(--fail); }
.axis .spare { display: none; }
.rug { margin-top: 14px; }
.volume svg { width: 100%; outline: 1px solid var(--mark); }
.v-other { fill: var(--rule); }
.v-kept { fill: var(--ink2); }
.v-waits { fill: url(#p-waits); }
.v-goes { fill: var(--wait); }
.v-free { fill: none; }
.swatch { display: inline-block; width: 14px; height: 14px; margin-right: 8px; vertical-align: -2px; outline: 1px solid var(--mark); outline-offset: -1px; }
.sizes { margin-top: 18px; font-size: .9375rem; }
.sizes td, .sizes th { padding: 9px 0 9px 12px; border-bottom: 1px solid var(--rule); vertical-align: top; }
.sizes th:first-child { padding-left: 0; }
.sizes thead th { font-size: .8125rem; color: var(--ink2); padding-top: 0; }
.sizes small { display: block; font-size: .8125rem; color: var(--ink2); padding-left: 22px; }
.number { text-align: right; white-space: nowrap; }
.sizes ~ p, .sizes ~ div { margin-top: 16px; }
`;

const ways = `
.sideways { position: relative; overflow-x: auto; }
.ways th, .ways td { border-bottom: 1px solid var(--rule); padding: 0; }
.ways thead th { vertical-align: bottom; font-size: .8125rem; line-height: 1.15; padding-bottom: 10px; height: 9.2rem; }
.ways thead th:first-child { color: var(--ink2); }
.ways thead th > span { writing-mode: vertical-rl; rotate: 180deg; margin: 0 auto; display: block; font-family: var(--mono); white-space: nowrap; }
.ways thead small { display: none; }
.ways tbody th { padding: 10px 4px 10px 0; line-height: 1.25; font-size: .9375rem; font-weight: 650; overflow-wrap: anywhere; }
.ways tbody th small { display: block; font: .8125rem/1.3 var(--mono); color: var(--ink2); }
.ways td { text-align: center; height: 52px; font-size: .8125rem; }
.ways td .mark { margin: 0 auto; width: 20px; height: 20px; }
.ways td > .mark.hold { width: 16px; height: 16px; }
.ways td a, .ways td div { display: grid; place-items: center; align-content: center; min-height: 44px; min-width: 24px; text-decoration: none; }
.ways td a:hover span { text-decoration: underline; }
.ways td a span, .ways td div span { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.ways .engine { background: var(--sunk); }
.key { display: flex; flex-wrap: wrap; gap: 4px 20px; margin-top: 14px; font-size: .8125rem; color: var(--ink2); }
.key li { display: flex; gap: 7px; align-items: center; }
.key .mark { width: 16px; height: 16px; }
.key i { width: 14px; height: 14px; background: var(--sunk); border: 1px solid var(--mark); }
`;

const findings = `
.finding { display: grid; grid-template-columns: 24px minmax(0, 1fr); gap: 0 12px; padding: 18px 0; border-bottom: 1px solid var(--rule); }
.finding:first-child { padding-top: 0; }
.finding:last-child { border-bottom: 0; padding-bottom: 0; }
.finding:target { background: var(--sunk); }
.finding > .mark { width: 20px; height: 20px; margin-top: 3px; }
.finding p { margin-top: 2px; overflow-wrap: anywhere; }
.past-bar { grid-column: 2; margin-top: 12px; font-size: .8125rem; line-height: 1.4; color: var(--ink2); }
.past-bar svg { height: 14px; margin-bottom: 4px; }
`;

/** Few columns stand near their names. */
const narrowTables = [1, 2, 3, 4, 5, 6, 7].map(
  (columns) => `.ways.c${columns} { width: ${8.5 + columns * 6.5}rem; max-width: 100%; }`,
);

const middling = `
@media (min-width: 40em) {
body { padding: 0 32px; }
.axis .spare { display: inline; }
.day { gap: 6px; }
.lane { grid-template-columns: 8.5rem minmax(0, 1fr); }
.turned { width: calc(100% - 8.5rem); }
.axis, .turned-at { margin-left: 8.5rem; width: calc(100% - 8.5rem); }
.ways { table-layout: fixed; }
${narrowTables.join("\n")}
.ways thead th { height: auto; text-align: center; padding: 8px 4px 10px; }
.ways thead th:first-child { text-align: left; width: 8.5rem; padding-left: 0; }
.ways thead th > span { writing-mode: horizontal-tb; rotate: none; white-space: normal; }
.ways thead small { display: block; font: .8125rem/1.2 var(--sans); color: var(--ink2); margin-top: 4px; }
.sideways .ways { min-width: 60rem; }
.ways td { height: 64px; }
.ways td a, .ways td div { min-height: 63px; }
.ways td a span, .ways td div span { position: static; width: auto; height: auto; clip-path: none; margin-top: 3px; overflow-wrap: anywhere; }
.js .command:not(.small) { display: flex; gap: 16px; align-items: center; justify-content: space-between; }
.js .command:not(.small) button { width: auto; margin: 0; }
.finding { grid-template-columns: 24px minmax(0, 1fr) 15rem; gap: 0 16px; }
.past-bar { grid-column: 3; grid-row: 1; margin-top: 4px; }
.pairs { grid-template-columns: 8.5rem minmax(0, 1fr); gap: 6px 16px; }
.pairs dt { font-size: 1em; }
.pairs dd { margin: 0; }
.becomes dl { grid-template-columns: 8.5rem minmax(0, 1fr); gap: 4px 0; }
.becomes dd { margin: 0; font-size: .9375rem; }
.lines { font-size: .9375rem; line-height: 1.625rem; }
.section > header p { font-size: 1.0625rem; }
}
`;

const wide = `
@media (min-width: 72em) {
.top { padding: 13px 0 12px; }
.top .spare { display: block; }
.answer { padding-top: 22px; }
.state { font-size: 1rem; margin-bottom: 10px; }
.lede { font-size: 1.25rem; line-height: 1.5; margin-top: 14px; }
.answer h2 { font-size: 1.125rem; }
.first-screen { display: grid; grid-template-columns: minmax(0, 7fr) minmax(0, 5fr); gap: 0 64px; margin-top: 24px; align-items: start; }
.first-screen .change { grid-column: 2; grid-row: 1 / span 2; }
.first-screen .because + .change ~ .becomes { grid-column: 1; align-self: start; }
.first-screen > .change:first-child { grid-column: 1; }
.becomes h2 { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.because, .change { margin-top: 0; }
.chain { display: flex; flex-wrap: wrap; margin-top: 16px; font-size: .9375rem; }
.chain > li { flex: 1 1 auto; padding: 18px 20px 0 0; min-height: 68px; }
.chain > li::before { left: 0; top: 0; }
.chain > li::after { left: 12px; right: 0; top: 6px; height: 0; border-left: 0; border-top: 2px solid var(--ink); }
.chain > li { min-width: 0; overflow-wrap: anywhere; }
.chain .quiet { display: block; margin: 0; font-size: .8125rem; }
.chain > li:last-child { flex: 0 1 auto; padding: 0 0 0 24px; margin-top: -4px; margin-right: 24px; }
.chain > li:last-child::before { top: 4px; }
.chain > li:last-child::after { left: 6px; right: auto; top: 12px; bottom: -1px; height: auto; border-top: 0; border-left: 2px solid var(--fail); }
.chain.w1 > li:last-child::after { bottom: -27px; }
.chain.w2 > li:last-child::after { bottom: -53px; }
.chain.open > li:last-child::after { border-left-style: dashed; }
.lines { margin: 0; font-size: 1rem; line-height: 1.625rem; }
.lines small { display: block; line-height: 1.625rem; }
.lines .wide { display: grid; }
.section { display: grid; grid-template-columns: minmax(0, 3.4fr) minmax(0, 8.6fr); gap: 0 64px; margin-top: 56px; padding-top: 32px; }
.section > div { margin-top: 0; }
.section.first { margin-top: 16px; padding-top: 16px; }
.becomes { margin-top: 16px; }
.section > header { position: sticky; top: 24px; align-self: start; }
}
`;

const media = `
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; scroll-behavior: auto !important; } }
@media (forced-colors: active) {
.chain > li::before, .lines .hit, .swatch, .caret { forced-color-adjust: none; }
.lines .hit { outline: 2px solid; }
.command { border-color: CanvasText; }
}
@media print {
html { font-size: 10pt; }
body { max-width: none; padding: 0; }
.skip, .js .command button, .again, .hint { display: none; }
.section, .finding, .rows > li, .first-screen, tr { break-inside: avoid; }
.section > header { position: static; }
.section { margin-top: 16pt; padding-top: 10pt; }
h1 { font-size: 24pt; }
details::details-content { content-visibility: visible; display: block; }
* { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
`;

export const styles = [
  tokens,
  ground,
  answer,
  chain,
  commands,
  sections,
  drawings,
  ways,
  findings,
  middling,
  wide,
  old,
  media,
].join("");
