import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { printable, printed, span } from "../../../agent/cli/text/printable.ts";

/** Text as a hostile host would choose it: any code unit, with what terminals obey more often than chance has it. */
const hostileText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "\u001b[2J",
        "\u001b]0;x\u0007",
        "\r",
        "\n",
        "\t",
        "\b",
        "\u0000",
        "\u007f",
        "\u0085",
        "\u009b31m",
        "\u202e",
        "\u2066",
        "\u200b",
        "\ufeff",
        "\u2028",
        "\ud800",
        "\u{e0041}",
        "\\x1b",
      ),
      fc.string({ unit: "binary" }),
      fc.string(),
    ),
  )
  .map((parts) => parts.join(""));

const neverRaw = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/u;

test("what is printable holds no character that a terminal obeys or hides", () => {
  fc.assert(fc.property(hostileText, (text) => assert.doesNotMatch(printable(text), neverRaw)));
});

test("escaping twice is escaping once", () => {
  fc.assert(fc.property(hostileText, (text) => assert.equal(printable(printable(text)), printable(text))));
});

test("ordinary text stays as it is, other scripts, too", () => {
  for (const text of ["alias rm='rm -i'", "C:\\x", "größer", "日本語", "שלום", "~/.cshrc:14"])
    assert.equal(printable(text), text);
});

test("each byte of a hostile character is said", () => {
  assert.equal(printable("a\u001b[31m\u202eb\u0085\n"), "a\\x1b[31m\\xe2\\x80\\xaeb\\xc2\\x85\\x0a");
});

test("without colour, lines are all that is added", () => {
  fc.assert(
    fc.property(fc.array(hostileText), (texts) => {
      const out = printed(
        texts.map((text) => [span(text, "red")]),
        false,
      );
      assert.equal(out.split("\n").length, texts.length + 1);
      for (const line of out.split("\n")) assert.doesNotMatch(line, neverRaw);
    }),
  );
});

test("with colour, the only escape sequences are our own", () => {
  fc.assert(
    fc.property(hostileText, hostileText, (first, second) => {
      const out = printed([[span(first, "bold"), second]], true);
      const rest = out.replace(/\u001b\[(?:1|2|22|31|32|33|39)m/g, "");
      assert.equal(rest, printed([[first, second]], false).replace(/\n$/, rest.endsWith("\n") ? "\n" : ""));
    }),
  );
});
