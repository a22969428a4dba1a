/** Colours by what they mean, type and space. The contrasts are those of the text on the background it stands on. */

const light = `
--bg: #f6f8f8; --ink: #12181b; --ink2: #4c575d; --rule: #d5dbde; --sunk: #eaeeef; --mark: #7d8a90;
--fail: #b01e0a; --fail-bg: #fbe3dd; --hold: #0a655d; --unk: #765300; --wait: #2a5788;
--cmd: #12181b; --cmd-ink: #f2f5f5; --cmd-rule: #12181b; --key: #f2f5f5; --key-ink: #12181b; --focus: #0b57c9;`;

const dark = `
--bg: #0f1416; --ink: #e7ecec; --ink2: #a0acb1; --rule: #293236; --sunk: #182023; --mark: #69767c;
--fail: #ff8d75; --fail-bg: #3b1a14; --hold: #63c4b5; --unk: #e2b352; --wait: #8cb7e6;
--cmd: #1d272b; --cmd-ink: #f2f6f6; --cmd-rule: #5f6d74; --key: #e7ecec; --key-ink: #0f1416; --focus: #8ec2ff;`;

const paper = `
--bg: #fff; --ink: #000; --ink2: #333; --rule: #999; --sunk: #eee; --mark: #666;
--fail: #9c1500; --fail-bg: #f6ddd8; --hold: #064e48; --unk: #5c4100; --wait: #1f4673;
--cmd: #fff; --cmd-ink: #000; --cmd-rule: #000;`;

export const tokens = `
:root { color-scheme: light dark;${light}
--sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
--mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace; }
@media (prefers-color-scheme: dark) { :root {${dark} } }
@media (prefers-contrast: more) { :root { --ink2: var(--ink); --rule: var(--mark); } }
@media print { :root { color-scheme: light;${paper} } }
`;
