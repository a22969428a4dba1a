/** Patterns of rules: `*` stands for any characters, `?` for one. No regular expression, for its time could have no end. */

export function isPattern(text: string): boolean {
  return /[*?]/.test(text);
}

/** Whether the pattern fits the whole text, in time linear in either for each `*`. */
export function isLike(pattern: string, text: string): boolean {
  let at = 0;
  let of = 0;
  let star = -1;
  let from = 0;
  while (at < text.length) {
    if (pattern[of] === "*") {
      star = of++;
      from = at;
    } else if (of < pattern.length && (pattern[of] === "?" || pattern[of] === text[at])) {
      of++;
      at++;
    } else if (star >= 0) {
      of = star + 1;
      at = ++from;
    } else {
      return false;
    }
  }
  while (pattern[of] === "*") of++;
  return of === pattern.length;
}
