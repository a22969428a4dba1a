/**
 * Characters that must not reach a reader raw: controls (C0, DEL, C1), format characters (bidirectional marks and
 * overrides, zero-width ones, tags), line and paragraph separators, lone surrogates, private and unassigned ones. Names,
 * prompts and values come from the host, and whoever owns a startup file chooses them (design 9).
 */
export const hostile = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;
