/** Names of the browser's types that playwright-core mentions. Empty: no program of ours runs with them. */
type Node = {};
type HTMLElement = {};
type SVGElement = {};
type HTMLElementTagNameMap = {};
