import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { patterns, redacted } from "../../agent/drift/redact.ts";

describe("the redactor", () => {
  for (const { says, examples } of patterns) {
    test(`masks ${says}, and leaves what only looks like it`, () => {
      assert.ok(examples.some(([before, after]) => before !== after));
      for (const [before, after] of examples) assert.equal(redacted(before), after);
    });
  }

  test("leaves what people need: lines, prompts, messages of programs", () => {
    for (const text of [
      "alias cp 'cp -i'",
      "cp: overwrite 'existing.1'? ",
      "ORACLE_SID = [prod] ? ",
      "if ($?prompt) then",
      "export PATH=/u01/app/oracle/product/19.0.0/dbhome_1/bin:$PATH",
      "set path = ($path /u01/bin)",
      "mysql -u app -p shop",
      "Enter passphrase for key '/home/oracle/.ssh/id_ed25519': ",
      "ssh-add ~/.ssh/id_rsa",
      "[ -f ~/.passwd ] && echo there",
      "stty: standard input: Inappropriate ioctl for device",
      "startup writes 18 bytes to stdout: Welcome to db07",
      `digest sha256:${"ab01".repeat(16)}`,
    ]) {
      assert.equal(redacted(text), text);
    }
  });

  test("masks several in one line", () => {
    const text = "PGPASSWORD=a1 psql -h x; curl -u jo:b2 https://x; mysql -pc3";
    assert.equal(redacted(text), "PGPASSWORD=[masked] psql -h x; curl -u jo:[masked] https://x; mysql -p[masked]");
  });

  test("masks a secret whose end was cut away", () => {
    for (const text of ['export DB_PASSWORD="hunter2 an', "psql postgres://app:hunter2", "TOKEN='hunter2"]) {
      assert.doesNotMatch(redacted(text), /hunter2/);
    }
  });

  test("never keeps a secret that its surroundings give away, whatever characters it has", () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9!#%^*_+=.?-]{6,40}$/).filter((text) => !text.startsWith("-"));
    const around = fc.constantFrom(
      (text: string) => `export ORACLE_PASSWORD='${text}'; cd /u01`,
      (text: string) => `mysqldump -u root -p${text} shop > x`,
      (text: string) => `sqlplus -s scott/"${text}"@prod`,
      (text: string) => `curl --user "jo:${text}" https://x`,
      (text: string) => `vault login --token=${text}`,
      (text: string) => `setenv API_TOKEN ${text}`,
    );
    fc.assert(
      fc.property(secret, around, (text, put) => !redacted(put(text)).includes(text)),
      { numRuns: 500 },
    );
  });

  test("never throws, and done twice changes nothing more, on any text", () => {
    const piece = fc.constantFrom(
      "PASSWORD",
      "=",
      "'",
      '"',
      " ",
      "mysql -p",
      "://a:",
      "@",
      "key",
      ": ",
      "x1Y2",
      "$",
      "|",
    );
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(piece, { maxLength: 40 }).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(text, (any) => {
        const once = redacted(any);
        assert.equal(redacted(once), once);
      }),
      { numRuns: 2000 },
    );
  });

  test("stays quick on text that is made to be slow", () => {
    const beginnings = patterns.flatMap(({ examples }) => examples.map(([before]) => before.slice(0, 9)));
    for (const text of [...beginnings, "a", "key_", "password_", "--", "/a", "A1a", "-a ", "x "]) {
      const begun = performance.now();
      redacted(text.repeat(20_000));
      assert.ok(performance.now() - begun < 5000, text);
    }
  });
});
