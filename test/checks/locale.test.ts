import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { locale } from "../../agent/checks/locale.ts";
import { at } from "../support/facts.ts";
import { judge, only } from "../support/judging.ts";

const locales = ["C", "C.utf8", "POSIX", "en_US.iso88591", "en_US.utf8", "de_DE@euro", "sr_RS.utf8@latin"];

function asking(values: Readonly<Record<string, string>>, parameters = {}) {
  const variables = Object.entries(values).map(([name, value]) => ({ name, value, exported: true, where: at(4) }));
  return only(judge(locale, { locales, variables }, parameters));
}

describe("locale", () => {
  test("says which variable, which locale, and the line", () => {
    assert.partialDeepStrictEqual(asking({ LC_ALL: "xx_XX.UTF-8" }), {
      status: "fail",
      message: "LC_ALL is xx_XX.UTF-8, which the host does not have: perl and bash warn about it on stderr",
      where: at(4),
      change: "name a locale of the host in line 4 (locale -a lists them), or C.UTF-8",
    });
  });

  test("knows a locale however its character set is spelled", () => {
    for (const LANG of [
      "en_US.UTF-8",
      "en_US.utf8",
      "en_US.Utf-8",
      "en_US.ISO-8859-1",
      "C",
      "POSIX",
      "C.UTF-8",
      "de_DE@euro",
    ])
      assert.equal(asking({ LANG }).status, "pass", LANG);
  });

  test("near-miss: a locale without its character set or with another modifier is another one", () => {
    for (const LANG of ["en_US", "en_US.UTF-16", "sr_RS.utf8", "de_DE", "en-US.utf8", "EN_US.utf8"])
      assert.equal(asking({ LANG }).status, "fail", LANG);
  });

  test("one that is missing counts for every category, unless LC_ALL stands over it", () => {
    assert.equal(asking({ LANG: "C", LC_NUMERIC: "xx" }).status, "fail");
    assert.equal(asking({ LANG: "C", LC_NUMERIC: "xx", LC_ALL: "C" }).status, "pass");
    assert.equal(asking({ LANG: "xx", LC_ALL: "" }).status, "fail");
  });

  test("what is not exported counts for nobody", () => {
    const variables = [{ name: "LANG", value: "xx", exported: false, where: null }];
    assert.equal(only(judge(locale, { locales, variables })).status, "pass");
  });

  test("may ask for some only, C and POSIX always among them", () => {
    const allowed = ["C.UTF-8", "en_*"];
    for (const LANG of ["C.utf8", "en_US.UTF-8", "C", "POSIX"])
      assert.equal(asking({ LANG }, { allowed }).status, "pass", LANG);
    assert.partialDeepStrictEqual(asking({ LANG: "de_DE@euro" }, { allowed }), {
      status: "fail",
      message: "LANG is de_DE@euro, and the rule does not allow it",
    });
  });

  test("is unknown where the host's locales are, or where LOCPATH leads elsewhere", () => {
    assert.equal(only(judge(locale, { locales: null })).status, "unknown");
    assert.equal(asking({ LANG: "xx", LOCPATH: "/tmp/l" }).status, "unknown");
  });

  test("refuses to allow everything", () => {
    for (const allowed of [[], ["*"], ["*.*"], ["?*"]])
      assert.equal(locale.parameters.safeParse({ allowed }).success, false);
  });
});
