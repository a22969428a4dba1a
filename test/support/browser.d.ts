/** Names of the browser's types that playwright-core mentions; nothing of ours uses them. */
type Node = object;
type HTMLElement = object;
type SVGElement = object;
type HTMLElementTagNameMap = object;
