/**
 * What pam_env(8) makes of its files: pam_env.conf(5) and environment(5), with the module's own reading of quotes,
 * comments and mistakes (measured against libpam-modules 1.5.2 by test/collectors/session-ground.test.ts). Pure.
 */

export type PamEnvironment = Map<string, string>;

/** Values of `@{NAME}`: PAM's items, HOME and SHELL; null where there is none. */
export type PamItem = (name: string) => string | null;

/**
 * Applies a file in the syntax of pam_env.conf(5): `NAME [DEFAULT=VALUE] [OVERRIDE=VALUE]`. False if an expression is
 * not ended: the module then stops reading and fails, and the session may be barred.
 */
export function applyPamEnvConf(environment: PamEnvironment, text: string, item: PamItem): boolean {
  for (const line of logicalLines(text)) {
    const rule = ruleOf(line);
    if (rule === null) continue;
    const expanded = (value: string | undefined) => (value ? expand(value, environment, item) : value);
    const [byDefault, override] = [expanded(rule.byDefault), expanded(rule.override)];
    if (byDefault === null || override === null) return false;
    const value = override ? override : byDefault;
    if (value === undefined) environment.delete(rule.name);
    else environment.set(rule.name, value);
  }
  return true;
}

interface Rule {
  readonly name: string;
  readonly byDefault?: string;
  readonly override?: string;
}

function ruleOf(line: string): Rule | null {
  const name = /^[^ \t]*/.exec(line)?.[0] ?? "";
  let rest = line.slice(name.length);
  let rule: Rule = { name };
  while (/^[ \t]+/.test(rest)) {
    rest = rest.replace(/^[ \t]+/, "");
    if (rest === "") break;
    const match = /^(DEFAULT|OVERRIDE)=(?:"([^"]*)"(?=[ \t]|$)|(?!")([^ \t]*))/.exec(rest);
    if (match === null) return null;
    const [all, option, quoted, bare] = match;
    rest = rest.slice(all.length);
    // An empty value counts only in quotes.
    const value = quoted ?? (bare === "" ? undefined : bare);
    if (value !== undefined) rule = option === "DEFAULT" ? { ...rule, byDefault: value } : { ...rule, override: value };
  }
  return name === "" ? null : rule;
}

function expand(value: string, environment: PamEnvironment, item: PamItem): string | null {
  let out = "";
  let at = 0;
  while (at < value.length) {
    const [char = "", next] = [value[at], value[at + 1]];
    if (char === "\\") {
      // Only `\$` and `\@` are escapes; another backslash vanishes.
      const escaped = next === "$" || next === "@";
      out += escaped ? next : "";
      at += escaped ? 2 : 1;
    } else if ((char === "$" || char === "@") && next === "{") {
      const end = value.indexOf("}", at);
      if (end < 0) return null;
      const name = value.slice(at + 2, end);
      out += (char === "$" ? environment.get(name) : item(name)) ?? "";
      at = end + 1;
    } else {
      out += char;
      at += 1;
    }
  }
  return out;
}

/** Applies a file in the syntax of environment(5): `[export ]NAME=VALUE`, and `NAME` alone, which takes it away. */
export function applyEnvironmentFile(environment: PamEnvironment, text: string): void {
  for (const line of logicalLines(text)) {
    const [, name, equals, value = ""] = /^[ \t]*(?:export )?([A-Za-z0-9_]+)(?:(=)(.*))?$/s.exec(line) ?? [];
    if (name === undefined) continue;
    if (equals === undefined) environment.delete(name);
    else environment.set(name, unquoted(value));
  }
}

/** After an opening quote, quotes of both kinds vanish where they end the value; inside they stay. */
function unquoted(value: string): string {
  if (!/^["']/.test(value)) return value;
  return value.slice(1).replace(/["']$/, "");
}

/** Lines joined at a backslash before the newline, without comments and blank lines. */
function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let begun: string | null = null;
  for (const raw of text.split("\n")) {
    if (/^[ \t]*(#|$)/.test(raw)) continue;
    const comment = raw.indexOf("#");
    const content = comment < 0 ? raw : raw.slice(0, comment);
    const continued = comment < 0 && /\\[ \t]*$/.test(content);
    const whole: string = (begun ?? "") + (continued ? content.replace(/\\[ \t]*$/, "") : content);
    begun = continued ? whole : null;
    if (!continued) lines.push(whole);
  }
  return lines;
}
